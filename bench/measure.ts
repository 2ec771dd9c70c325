/** Runs a program between a sink and a load, and reads off what it used. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cpuSeconds, residentMb } from './proc.ts'

export const SINK_PORT = 19_000

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

export interface SinkCounts {
  bytes: number
  lines: number
  requests: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** Of numbered lines: how many numbers came, and how often the rarest and the commonest of them did. */
  numbers: number
  fewest: number
  most: number
}

export type SinkMode = 'tcp' | 'http' | 'latency' | 'numbered' | 'silent'

/** A counting sink in a process of its own. */
export class Sink implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child
    this.#lines = lines[Symbol.asyncIterator]()
  }
  static async start(mode: SinkMode, port = SINK_PORT): Promise<Sink> {
    const child = spawn(process.execPath, [here('sink.ts'), mode, String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const sink = new Sink(child, createInterface({ input: child.stdout! }))
    await sink.#lines.next()
    return sink
  }
  async counts(): Promise<SinkCounts> {
    this.#child.stdin!.write('\n')
    return JSON.parse((await this.#lines.next()).value) as SinkCounts
  }
  /** The counts once they no longer change. */
  async settled(): Promise<SinkCounts> {
    let last = await this.counts()
    for (;;) {
      await sleep(400)
      const now = await this.counts()
      if (now.bytes === last.bytes && now.lines === last.lines) return now
      last = now
    }
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end()
    await once(this.#child, 'exit')
  }
}

/** Where programs of ours leave CPU profiles; undefined: they make none. */
let profiles: string | undefined

export function profileInto(directory: string): void {
  profiles = directory
}

function profiled([program, ...rest]: string[]): string[] {
  const ours = program === process.execPath && profiles !== undefined
  return ours ? [program!, '--cpu-prof', `--cpu-prof-dir=${profiles}`, ...rest] : [program!, ...rest]
}

/** The program under test. */
export class Subject implements AsyncDisposable {
  readonly #child: ChildProcess
  #base = 0
  output = ''
  private constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        this.output = (this.output + chunk).slice(-4000)
      })
    }
  }
  static async start(command: string[], port: number): Promise<Subject> {
    const [file, ...args] = profiled(command)
    const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const subject = new Subject(child)
    for (let i = 0; ; i++) {
      if (await accepts(port)) break
      if (i === 200 || child.exitCode !== null)
        throw new Error(`${command[0]} does not listen on ${port}:\n${subject.output}`)
      await sleep(50)
    }
    await sleep(500)
    subject.reset()
    return subject
  }
  /** CPU counts from here on. */
  reset(): void {
    this.#base = cpuSeconds(this.#child.pid!)
  }
  cpu(): number {
    return cpuSeconds(this.#child.pid!) - this.#base
  }
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
  rssMb(): number {
    return residentMb(this.#child.pid!, 'VmRSS')
  }
  peakMb(): number {
    return residentMb(this.#child.pid!, 'VmHWM')
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.kill('SIGTERM')
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await once(this.#child, 'exit')
    clearTimeout(hard)
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const result = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return result
}

/** Runs the load to its end and gives what it says it sent. */
export async function blast<Sent>(...args: (string | number)[]): Promise<Sent> {
  const child = spawn(process.execPath, [here('blast.ts'), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  await once(child, 'close')
  return JSON.parse(text) as Sent
}
