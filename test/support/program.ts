/** The whole program in a process of its own, as a user starts it, on free ports and with a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))
const CRASHES = new Set<string>(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'])
const PATIENCE_MS = 30_000

export interface ProgramOptions {
  flags?: string[]
  env?: Record<string, string>
  /** Keeps what an earlier program left; by default a fresh folder that goes with the program. */
  dataDir?: string
}

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #dataDir: string
  readonly #ownsDataDir: boolean
  stdout = ''
  stderr = ''

  private constructor(command: string, { flags = [], env = {}, dataDir }: ProgramOptions) {
    this.#ownsDataDir = dataDir === undefined
    this.#dataDir = dataDir ?? temporaryFolder()
    const ports =
      command === 'controller'
        ? ['--control-port', '0']
        : ['--tcp-port', '0', '--udp-port', '0', '--http-port', '0', '--admin-port', '0']
    if (command === 'up') ports.push('--control-port', '0')
    if (command !== 'node') ports.push('--opamp-port', '0')
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(REDIS|NODE_TEST|TCP_PORT)/.test(name)),
    )
    this.#child = spawn(process.execPath, [MAIN, command, '--data-dir', this.#dataDir, ...ports, ...flags], {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.on('data', (chunk) => {
      this.stdout += chunk
    })
    this.#child.stderr!.on('data', (chunk) => {
      this.stderr += chunk
    })
  }

  /** Resolves when the banner is there. */
  static async start(command: 'up' | 'node' | 'controller', options: ProgramOptions = {}): Promise<Program> {
    const program = new Program(command, options)
    await program.until(() => /^ {2}data\s/m.test(program.stderr), 'the banner')
    return program
  }

  /** The address behind a name in the banner, such as `tcp` or `API`. After a restart in place, in the newest banner. */
  address(name: string): string {
    const found = [...this.stderr.matchAll(new RegExp(`^ {2}${name}\\s+(\\S+)`, 'gm'))].at(-1)
    if (found === undefined) throw new Error(`the banner does not say where ${name} is:\n${this.stderr}`)
    return found[1]!.replace('0.0.0.0', '127.0.0.1')
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Whether the process is gone, however it ended. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1)
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!(await condition())) {
      if (Date.now() > deadline || this.#child.exitCode !== null) {
        throw new Error(
          `waited in vain for ${what}\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-4000)}`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** As `printf … | nc` does. */
  async sendTcp(text: string): Promise<void> {
    const socket = connect(Number(new URL(this.address('tcp')).port), '127.0.0.1')
    socket.end(text)
    socket.resume()
    await once(socket, 'close')
  }

  async api(method: string, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> {
    const init =
      body === undefined
        ? { method }
        : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(this.address('API') + path, init)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  /** As `curl -X POST …/publish -d ''` does. */
  async publish(): Promise<Record<string, unknown>> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(`${this.address('API')}/publish`, { method: 'POST', body: '', headers })
    return (await response.json()) as Record<string, unknown>
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Asks it to end, and gives its exit code. */
  /** Exit code; null after a signal. Throws when that was of a crash. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal)
      await once(this.#child, 'close')
    }
    const { exitCode, signalCode } = this.#child
    if (signalCode !== null && CRASHES.has(signalCode)) throw new Error(`ended by ${signalCode}:\n${this.stderr}`)
    return exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    if (this.#ownsDataDir) rmSync(this.#dataDir, { recursive: true, force: true })
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'streamgate-test-'))
}
