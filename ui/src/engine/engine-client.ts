/**
 * Tries rules on records in the page, on the engine that a node runs, in a worker of its own.
 *
 * One job at a time. While one runs, of each kind the newest waits and older ones are answered as superseded. A job that takes
 * longer than the limit is ended with its worker, and another worker takes over.
 */
import {
  type Answer,
  type ExplainRequest,
  type Failure,
  failure,
  type Job,
  type RunRequest,
  type RunResult,
  type TriedStep,
  type WorkerMessage,
} from './messages.ts'

export const TIME_LIMIT_MS = 2_000
/** For loading the engine. */
export const START_LIMIT_MS = 15_000
export const RECORDS_MAX = 10_000
export const BYTES_MAX = 8 * 1024 * 1024
export const RULES_MAX = 1_000

/** Of a Worker what is used here. */
export interface EngineWorker {
  post(job: Job): void
  terminate(): void
}

export type StartWorker = (hear: (message: WorkerMessage) => void, fail: (reason: string) => void) => EngineWorker

interface Waiting {
  job: Job
  settle: (answer: Answer<never>) => void
}

export class EngineClient {
  readonly #start: StartWorker
  #worker: EngineWorker | undefined
  #ready = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Waiting | undefined
  #waiting: Waiting[] = []
  #closed = false

  /** The worker starts to load at once. */
  constructor(start: StartWorker = startWorker) {
    this.#start = start
    this.#open()
  }

  run(request: RunRequest): Promise<Answer<RunResult>> {
    return this.#ask({ kind: 'run', request }, refusalOf(request.processors.length, request.records))
  }

  explain(request: ExplainRequest): Promise<Answer<TriedStep[]>> {
    return this.#ask({ kind: 'explain', request }, refusalOf(request.processors.length, [request.record]))
  }

  /** Whoever still waits is told so. */
  close(): void {
    this.#closed = true
    this.#end(LET_GO)
    for (const { settle } of this.#waiting.splice(0)) settle(LET_GO)
  }

  #ask<Result>(job: Job, refusal: Failure | undefined): Promise<Answer<Result>> {
    if (refusal !== undefined) return Promise.resolve(refusal)
    if (this.#closed) return Promise.resolve(LET_GO)
    return new Promise((settle) => {
      const older = this.#waiting.find((waiting) => waiting.job.kind === job.kind)
      older?.settle(failure('superseded', 'a newer request took its place'))
      this.#waiting = [...this.#waiting.filter((waiting) => waiting !== older), { job, settle }]
      if (this.#worker === undefined) this.#open()
      this.#next()
    })
  }

  #open(): void {
    this.#ready = false
    const worker: EngineWorker = this.#start(
      // What a worker has said just before it was ended comes late.
      (message) => this.#worker === worker && this.#hear(message),
      (reason) => this.#worker === worker && this.#fail(reason),
    )
    this.#worker = worker
    this.#timer = setTimeout(
      () => this.#fail(`it did not load within ${START_LIMIT_MS / 1000} seconds`),
      START_LIMIT_MS,
    )
  }

  #next(): void {
    if (!this.#ready || this.#running !== undefined) return
    this.#running = this.#waiting.shift()
    if (this.#running === undefined) return
    this.#timer = setTimeout(() => {
      const detail = `the rules were too slow: they took longer than ${TIME_LIMIT_MS / 1000} seconds and were stopped`
      this.#end(failure('too_slow', detail))
      this.#open()
    }, TIME_LIMIT_MS)
    this.#worker?.post(this.#running.job)
  }

  #hear(message: WorkerMessage): void {
    clearTimeout(this.#timer)
    if (message.kind === 'ready') this.#ready = true
    else {
      this.#running?.settle(message.answer as Answer<never>)
      this.#running = undefined
    }
    this.#next()
  }

  /** One that has never run will not the next time either, so who waits is not kept waiting. The next request tries again. */
  #fail(reason: string): void {
    const answer = failure('failed', `the engine cannot run in this browser: ${reason}`)
    this.#end(answer)
    for (const { settle } of this.#waiting.splice(0)) settle(answer)
  }

  /** Ends the worker, and answers what it runs. */
  #end(answer: Failure): void {
    clearTimeout(this.#timer)
    this.#worker?.terminate()
    this.#worker = undefined
    this.#ready = false
    this.#running?.settle(answer)
    this.#running = undefined
  }
}

const LET_GO = failure('failed', 'the page has let go of the engine')

function startWorker(hear: (message: WorkerMessage) => void, fail: (reason: string) => void): EngineWorker {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'engine' })
  worker.addEventListener('message', (event: MessageEvent<WorkerMessage>) => hear(event.data))
  worker.addEventListener('error', ({ message }: ErrorEvent) => fail(message || 'it does not load'))
  return { post: (job) => worker.postMessage(job), terminate: () => worker.terminate() }
}

function refusalOf(rules: number, records: RunRequest['records']): Failure | undefined {
  if (rules > RULES_MAX) return failure('too_large', `${rules} rules are more than ${RULES_MAX}`)
  if (records.length > RECORDS_MAX)
    return failure('too_large', `${records.length} records are more than ${RECORDS_MAX}`)
  const encoder = new TextEncoder()
  let bytes = 0
  for (const { text, base64 } of records) {
    bytes += text === undefined ? Math.ceil(((base64 ?? '').length * 3) / 4) : encoder.encode(text).length
    if (bytes > BYTES_MAX) return failure('too_large', `the records have more than ${BYTES_MAX / 1024 / 1024} MiB`)
  }
  return undefined
}
