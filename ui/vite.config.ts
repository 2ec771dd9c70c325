/** How the dashboard is built: `vite build ui` writes `ui/dist`, which the controller serves under `/ui/`. */
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run ui` finds the API while the dashboard is worked on. */
const CONTROLLER = process.env['STREAMGATE_CONTROLLER'] ?? 'http://127.0.0.1:8000'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/ui/',
  plugins: [react(), tailwindcss()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1024 },
  worker: { format: 'es' },
  server: { proxy: { '/api': CONTROLLER } },
})
