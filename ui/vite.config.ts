/**
 * How the dashboard is built, by `npm run build` and by the first start: into `ui/dist`, which the controller serves under `/ui/`.
 * Beside the files lie compressed copies, and what they were built from.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { stampBuild } from '../src/std/build-stamp.ts'

const ui = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))
/** Where `npm run ui` finds the API while the dashboard is worked on. */
const CONTROLLER = process.env['STREAMGATE_CONTROLLER'] ?? 'http://127.0.0.1:8000'
/** Higher takes far longer and gains little. */
const BROTLI_QUALITY = 9
/** Not worth it below. */
const COMPRESSED_BYTES_MIN = 1024
/** What counts beside the modules. `ui/public` stands for the names in it. */
const INPUTS = ['package.json', 'package-lock.json', 'ui/index.html', 'ui/vite.config.ts', 'ui/public']

const modules = new Set<string>()

export default defineConfig({
  root: ui,
  base: '/ui/',
  plugins: [react(), tailwindcss(), noted(), finished()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1024,
    manifest: true,
  },
  worker: { format: 'es', plugins: () => [noted()] },
  server: { proxy: { '/api': CONTROLLER } },
})

/** Remembers every module of ours that goes into the page or into its workers. */
function noted(): Plugin {
  return {
    name: 'streamgate-noted',
    apply: 'build',
    transform(_code, id) {
      const path = relative(root, id.split('?')[0]!)
      if (isAbsolute(id) && !path.startsWith('..') && !path.startsWith('node_modules')) modules.add(path)
    },
  }
}

/** Compressed here, so that the controller spends no time on it. */
function finished(): Plugin {
  let folder = ''
  return {
    name: 'streamgate-finished',
    apply: 'build',
    configResolved({ build }) {
      folder = resolve(ui, build.outDir)
    },
    async writeBundle() {
      for (const name of globSync('**/*.{js,css,svg,json,txt}', { cwd: folder })) {
        const path = join(folder, name)
        const body = readFileSync(path)
        if (body.length < COMPRESSED_BYTES_MIN) continue
        writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }))
        const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }
        writeFileSync(`${path}.br`, brotliCompressSync(body, { params }))
      }
      const shared = globSync('ui/public/**/*', { cwd: root })
      await stampBuild(folder, root, [...INPUTS, ...shared, ...modules])
    },
  }
}
