/** A real redis-server on a free port, with nothing on disk but a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

const PATIENCE_MS = 20_000
const ATTEMPTS_MAX = 5

/** A test that fails half-way must neither hang nor leave a server behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startRedis(): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new RedisServer(await freePort())
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

/** A port that nobody listens on; also for tests in which the server comes later. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export class RedisServer implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamgate-test-redis-'))
  readonly #clients: Redis[] = []
  #child: ChildProcess | undefined

  constructor(port: number) {
    this.port = port
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  /** Resolves when it takes connections. It begins empty, also after a `stop`. */
  async start(): Promise<void> {
    const listen = ['--bind', this.host, '--port', String(this.port), '--dir', this.#folder]
    const child = spawn('redis-server', [...listen, '--save', '', '--appendonly', 'no'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    child.unref()
    running.add(child)
    child.once('exit', () => running.delete(child))
    await new Promise<void>((resolve, reject) => {
      let output = ''
      const timer = setTimeout(() => reject(new Error(`redis-server did not start:\n${output}`)), PATIENCE_MS)
      timer.unref()
      child.stdout!.on('data', (chunk) => {
        output += chunk
        if (!output.includes('Ready to accept connections')) return
        child.stdout!.destroy()
        resolve()
      })
      child.once('error', reject)
      child.once('close', () => reject(new Error(`redis-server ended:\n${output}`)))
    })
  }

  /** Kills it, as a power cut would: whatever it held is gone. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Answers nobody any more, while its connections stand; until `resume`. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** A plain client, as any other program would use; it goes with the server. */
  client(): Redis {
    const client = new Redis(this.port, this.host, { retryStrategy: () => 20 })
    client.on('error', () => undefined)
    this.#clients.push(client)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
