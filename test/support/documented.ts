/**
 * Runs the commands of a document as they stand there, on the real program: its blocks marked `bash`, in their order, in one
 * shell, in a folder of its own. Ports become free ones. `streamgate up`, `node` and `controller` run in the background; what
 * only a person can know, such as the token of a link, is put in the place of the example.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from './redis.ts'
import { requireService } from './services.ts'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))
const SHELL = fileURLToPath(new URL('documented.sh', import.meta.url))
/** Of the API, of OpAMP, and of a node. */
const PORTS = [...[0, 1, 2, 3, 4, 5].flatMap((i) => [8000 + i, 4320 + i]), 8080, 8081, 8082, 8083]
const PATIENCE_MS = 100_000
/** Where documents keep data. */
const DATA = '/var/lib/streamgate'

export interface Documented {
  /** Before the first command, such as a controller that the document takes for granted. */
  before?: string
  /** Shell that is run after the last command, to look whether all is as it should be. */
  after?: string
  env?: Record<string, string>
  /** Text in the document, and what stands for it here. */
  replace?: Record<string, string>
}

/** What the commands have printed. Undefined: skipped, because a program is not installed. */
export async function runDocumented(
  t: TestContext,
  file: URL,
  { before = '', after = '', env = {}, replace = {} }: Documented = {},
): Promise<string | undefined> {
  for (const program of ['bash', 'curl', 'jq']) if (!requireService(t, program)) return undefined
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1]!)
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-documented-'))
  const ports = new Map<number, number>()
  for (const port of PORTS) ports.set(port, await freePort())
  let text = [before, ...blocks, after].join('\n')
  for (const [from, to] of Object.entries({ ...replace, [DATA]: join(folder, 'lib') })) text = text.replaceAll(from, to)
  // Of addresses, flags and `nc localhost`; other numbers stay.
  text = text.replace(/(?<=[:=]|-port |localhost )(\d{4})\b/g, (number) => String(ports.get(Number(number)) ?? number))
  writeFileSync(join(folder, 'commands.sh'), text)
  const port = (documented: number) => String(ports.get(documented))
  const child = spawn('bash', [SHELL, process.execPath, MAIN], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(REDIS|NODE_TEST)/.test(name))),
      ...env,
      HOME: folder,
      STREAMGATE_URL: `http://127.0.0.1:${port(8000)}`,
      SG_UP_PORTS: [8081, 8082, 8080, 8083].map(port).join(' '),
      SG_CONTROL_PORT: port(8000),
      SG_OPAMP_PORT: port(4320),
    },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk) => (output += chunk))
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), PATIENCE_MS)
  try {
    const [code, signal] = await once(child, 'exit')
    if (code !== 0) throw new Error(`the commands ended with ${code ?? signal}:\n${output.slice(-6000)}`)
    return output
  } finally {
    clearTimeout(timer)
    // Whatever it has left behind.
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // Nothing.
    }
    rmSync(folder, { recursive: true, force: true })
  }
}
