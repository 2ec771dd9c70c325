/** Starts what `image.ts` has made, in a process of its own, as Docker would start the image. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'

const PATIENCE_MS = 30_000
/** Of the user `node` in the base image. */
export const USER_ID = 1000

/** What the last stage left behind. Paths of the image begin with `root`. */
export interface Image {
  root: string
  workdir: string
  env: Record<string, string>
  entrypoint: readonly string[]
  healthcheck: readonly string[]
  user: string
}

/** With the Node that runs this in front. */
export function localPath(): string {
  return [dirname(process.execPath), process.env['PATH']].join(delimiter)
}

/** A command in the finished image, as its user and with its environment. Paths in the values point into its folder. */
export function startIn(image: Image, command: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const inside = Object.entries(image.env).map(([name, value]) => [
    name,
    value
      .split(':')
      .flatMap((part) => (part === '$PATH' ? localPath() : part.startsWith('/') ? join(image.root, part) : part))
      .join(delimiter),
  ])
  const [program, ...args] = command
  return spawn(program!, args, {
    cwd: join(image.root, image.workdir),
    env: { ...Object.fromEntries(inside), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(process.getuid?.() === 0 && image.user !== 'root' ? { uid: USER_ID, gid: USER_ID } : {}),
  })
}

/** Runs to the end. */
export async function runIn(image: Image, command: readonly string[], env: Record<string, string> = {}) {
  const child = startIn(image, command, env)
  const output = collect(child)
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, ...output }
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout!.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr!.on('data', (chunk) => {
    output.stderr += chunk
  })
  return output
}

const FREE_PORTS = { TCP_PORT: '0', UDP_PORT: '0', HTTP_PORT: '0', ADMIN_PORT: '0', CONTROL_PORT: '0', OPAMP_PORT: '0' }

/**
 * Starts a role, waits until it is up, has it looked at by the image's own HEALTHCHECK, sends it a line where it takes lines, and
 * ends it as Docker would. Throws when something of this is not as it should be.
 */
export async function tryRole(image: Image, role: 'up' | 'node' | 'controller'): Promise<void> {
  const child = startIn(image, [...image.entrypoint, role], { ...FREE_PORTS, NODE_ID: 'image' })
  const output = collect(child)
  try {
    await until(() => /^ {2}data\s/m.test(output.stderr) || child.exitCode !== null, `${role} to start`)
    const portOf = (name: string) => new RegExp(`^ {2}${name}\\s+\\S+:(\\d+)`, 'm').exec(output.stderr)?.[1]
    const urls = ['metrics', 'API'].flatMap((name) => {
      const port = portOf(name)
      return port === undefined ? [] : [`http://127.0.0.1:${port}/healthz`]
    })
    const expected = role === 'up' ? 2 : 1
    if (urls.length !== expected) throw new Error(`${role} does not say where it listens`)
    for (const url of urls) if ((await fetch(url)).status !== 200) throw new Error(`${url} is not well`)
    const checked = { HEALTHCHECK_URLS: urls.join(',') }
    await expectStatus(image, 0, checked)
    if (role !== 'node') await expectDashboard(`http://127.0.0.1:${portOf('API')}`)
    if (role !== 'controller') await sendLine(Number(portOf('tcp')), () => output.stdout)
    child.kill('SIGTERM')
    await until(() => child.exitCode !== null, `${role} to end`)
    if (child.exitCode !== 0) throw new Error(`${role} ended with ${child.exitCode}`)
    await expectStatus(image, 1, checked)
  } catch (error) {
    throw new Error(`${role}: ${(error as Error).message}\n${output.stderr.slice(-4000)}`)
  } finally {
    child.kill('SIGKILL')
  }
}

async function expectStatus(image: Image, wanted: number, env: Record<string, string>): Promise<void> {
  const { status, stdout, stderr } = await runIn(image, image.healthcheck, env)
  if (status !== wanted) throw new Error(`HEALTHCHECK ended with ${status}, not ${wanted}: ${stdout}${stderr}`)
}

/** The page, and the script that it names. */
async function expectDashboard(api: string): Promise<void> {
  const page = await fetch(`${api}/ui/`, { headers: { accept: 'text/html' } })
  const script = /<script type="module"[^>]* src="([^"]+)"/.exec(await page.text())?.[1]
  if (page.status !== 200 || script === undefined) throw new Error(`the dashboard answers ${page.status}`)
  const { status } = await fetch(api + script)
  if (status !== 200) throw new Error(`${script} answers ${status}`)
}

async function sendLine(port: number, stdout: () => string): Promise<void> {
  connect(port, '127.0.0.1').end('hello from the image\n').resume()
  await until(() => stdout() === 'hello from the image\n', 'the line that was sent')
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
