/** A real nats-server with JetStream on a free port, with nothing on disk but a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node'
import { freePort } from './redis.ts'

const PATIENCE_MS = 20_000
const ATTEMPTS_MAX = 5
const LOG_CHARACTERS_MAX = 10_000

/** A test that fails half-way must neither hang nor leave a server behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `settings`: lines of its configuration beside address and store. */
export async function startNats(settings = '', client: Partial<ConnectionOptions> = {}): Promise<NatsServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new NatsServer(await freePort(), settings, client)
    try {
      await server.start()
      return server
    } catch (error) {
      // Somebody else may have taken the port in between.
      await server[Symbol.asyncDispose]()
      if (attempt === ATTEMPTS_MAX) throw error
    }
  }
}

export class NatsServer implements AsyncDisposable {
  readonly port: number
  readonly #settings: string
  readonly #options: Partial<ConnectionOptions>
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamgate-test-nats-'))
  #child: ChildProcess | undefined
  #client: NatsConnection | undefined

  constructor(port: number, settings: string, client: Partial<ConnectionOptions>) {
    this.port = port
    this.#settings = settings
    this.#options = client
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** Resolves when it takes connections. What its streams held is there again after a `stop`. */
  async start(): Promise<void> {
    const file = join(this.#folder, 'nats.conf')
    const store = join(this.#folder, 'store')
    writeFileSync(file, `listen: "127.0.0.1:${this.port}"\njetstream { store_dir: "${store}" }\n${this.#settings}\n`)
    const child = spawn('nats-server', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    child.unref()
    running.add(child)
    child.once('exit', () => running.delete(child))
    await new Promise<void>((resolve, reject) => {
      let output = ''
      let ready = false
      const timer = setTimeout(() => reject(new Error(`nats-server did not start:\n${output}`)), PATIENCE_MS)
      child.stderr!.on('data', (chunk) => {
        output = (output + chunk).slice(-LOG_CHARACTERS_MAX)
        if (ready || !output.includes('Server is ready')) return
        clearTimeout(timer)
        ready = true
        // Closing the pipe would end the server with its next complaint.
        ;(child.stderr as Socket).unref()
        resolve()
      })
      child.once('error', reject)
      child.once('close', () => reject(new Error(`nats-server ended:\n${output}`)))
    })
  }

  /** Kills it, as a power cut would. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    child.kill('SIGKILL')
    await once(child, 'close')
  }

  /** Answers nobody any more, while its connections stand; until `resume`. Resolves when all its threads have stopped. */
  async pause(): Promise<void> {
    const pid = this.#child?.pid
    if (pid === undefined) return
    process.kill(pid, 'SIGSTOP')
    while (!threadsOf(pid).every((state) => state === 'T')) await new Promise(setImmediate)
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** A plain client, as any other program would use; it goes with the server. */
  async client(): Promise<NatsConnection> {
    if (this.#client?.isClosed() === false) return this.#client
    this.#client = await connect({ servers: [this.url], reconnect: false, ...this.#options })
    return this.#client
  }

  async addStream(config: Partial<StreamConfig> & { name: string }): Promise<void> {
    const manager = await jetstreamManager(await this.client())
    await manager.streams.add(config)
  }

  /** All messages of a stream, in its order. */
  async messages(stream: string): Promise<{ subject: string; text: string; id: string }[]> {
    const manager = await jetstreamManager(await this.client())
    const { state } = await manager.streams.info(stream)
    const found = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq })
      if (message === null) continue
      const { subject, data, header } = message
      found.push({ subject, text: Buffer.from(data).toString(), id: header.get('Nats-Msg-Id') })
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume()
    await this.#client?.close()
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Letters as /proc tells them. One that ends while we look has stopped too. */
function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    try {
      const status = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return status.slice(status.lastIndexOf(')') + 2)[0]!
    } catch {
      return 'T'
    }
  })
}
