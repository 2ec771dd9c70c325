/** Agents on one controller: what each costs while nothing happens, and how long a publication takes to reach all of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Subject } from './measure.ts'
import { judged, microseconds, type Result, type Size, scratch, smokeSize } from './setup.ts'

const CONTROL_PORT = 18_000
const OPAMP_PORT = 18_096
const AGENTS = [1_000, 5_000]
const AGENTS_SMOKE = [20]
/** Of each agent. */
const HEARTBEATS = 10

export async function* fleet(size: Size): AsyncGenerator<Result> {
  for (const agents of size.lines === smokeSize.lines ? AGENTS_SMOKE : AGENTS) yield* ofSize(agents, size)
}

async function* ofSize(agents: number, size: Size): AsyncGenerator<Result> {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
  const ports = ['--control-port', String(CONTROL_PORT), '--opamp-port', String(OPAMP_PORT)]
  const data = ['--data-dir', join(scratch, `fleet-${agents}`)]
  await using subject = await Subject.start([process.execPath, main, 'controller', ...ports, ...data], CONTROL_PORT)
  const emptyMb = subject.rssMb()
  await using load = new Load(agents, HEARTBEATS * agents, size.seconds)
  await load.step()
  const connectedMb = subject.rssMb()
  const connecting = subject.cpu()
  subject.reset()
  await load.step()
  const heartbeats = subject.cpu()
  subject.reset()
  const { answeredMs, p50Ms, lastMs } = await load.step()
  const publishing = subject.cpu()
  const common = { case: `${agents} agents over OpAMP`, program: 'streamgate' }
  yield {
    ...common,
    unit: 'µs CPU for each heartbeat',
    value: microseconds(heartbeats, HEARTBEATS * agents),
    notes: `${((heartbeats / (HEARTBEATS * agents)) * (agents / 30) * 100).toFixed(1)} % of a core at one in 30 s`,
  }
  yield {
    ...common,
    unit: 'kB resident for each agent',
    value: Math.round(((connectedMb - emptyMb) * 1024) / agents),
    peakMb: Math.round(subject.peakMb()),
    notes: `${microseconds(connecting, agents)} µs CPU to connect one`,
  }
  const result = {
    ...common,
    unit: 'ms until a publication runs on all',
    value: Math.round(lastMs!),
    notes: `on half of them after ${Math.round(p50Ms!)} ms; answered after ${Math.round(answeredMs!)} ms; ${publishing.toFixed(2)} s CPU`,
  }
  yield judged(result, '< 10 s', lastMs! < 10_000)
}

interface Step {
  answeredMs?: number
  p50Ms?: number
  lastMs?: number
}

class Load implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #isStarted = false

  constructor(agents: number, heartbeats: number, seconds: number) {
    const file = fileURLToPath(new URL('fleet-load.ts', import.meta.url))
    const args = [OPAMP_PORT, CONTROL_PORT, agents, heartbeats, seconds].map(String)
    this.#child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** Has it do the next step, and gives what came of it. */
  async step(): Promise<Step> {
    if (this.#isStarted) this.#child.stdin!.write('\n')
    this.#isStarted = true
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the agents have ended')
    return JSON.parse(value) as Step
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}
