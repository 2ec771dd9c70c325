/**
 * Replays in a thread of its own, with a time limit and a limit of memory: rules that people try out may be slow, or take whatever
 * there is. The thread ends with the answer.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { ProcessorPlan } from '#component/plan.ts'
import type { EngineRegistry } from '#component/registry.ts'
import { type ErrorCode, StreamgateError } from '#contract/error.ts'
import { assert } from '#std/assert.ts'
import { type ReplayInput, type ReplayResult, replay } from './replay.ts'

export const REPLAY_MS_MAX = 5_000
const REPLAY_HEAP_MB = 256
const CANDIDATES_MAX = 64

/** Plain data. Each candidate sees the same records, with state of its own. */
export interface ReplayRequest {
  candidates: { id: string; processors: ProcessorPlan[] }[]
  records: ReplayInput[]
  measureCpu?: boolean
  seed?: number
}

export type CandidateResult = ReplayResult & { id: string }

/**
 * In the order of the candidates. Rejects with `StreamgateError`: `SG_REPLAY` when it takes too long or too much memory, or what a
 * rule says that cannot be compiled, with a `path` such as `candidates/0/processors/1/when`. `workerUrl`: `replay-worker.ts`.
 */
export async function replayInWorker(
  request: ReplayRequest,
  workerUrl: URL,
  timeoutMs: number = REPLAY_MS_MAX,
): Promise<CandidateResult[]> {
  if (request.candidates.length > CANDIDATES_MAX) {
    throw new StreamgateError('SG_REPLAY', `${request.candidates.length} candidates are more than ${CANDIDATES_MAX}`)
  }
  const worker = new Worker(workerUrl, {
    workerData: request,
    name: 'replay',
    resourceLimits: { maxOldGenerationSizeMb: REPLAY_HEAP_MB },
  })
  const { promise, resolve, reject } = Promise.withResolvers<CandidateResult[]>()
  const fail = (message: string, cause?: unknown) => reject(new StreamgateError('SG_REPLAY', message, { cause }))
  const timer = setTimeout(
    () => fail(`the rules took longer than ${timeoutMs} ms on ${request.records.length} records`),
    timeoutMs,
  )
  worker.once('message', (answer: Answer) => {
    if (answer.ok) return resolve(answer.results)
    reject(new StreamgateError(answer.code, answer.message, answer.path === undefined ? {} : { path: answer.path }))
  })
  worker.once('error', (error) => fail(`the rules cannot be tried: ${error.message}`, error))
  worker.once('exit', () => fail('the rules ended the thread that tried them'))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

type Answer =
  | { ok: true; results: CandidateResult[] }
  | { ok: false; code: ErrorCode; message: string; path: string | undefined }

/** The thread's side. `registry` is what candidates may name. */
export function answerReplay(registry: EngineRegistry): void {
  assert(parentPort !== null, 'a replay runs in a worker thread')
  parentPort.postMessage(answerTo(workerData as ReplayRequest, registry))
}

function answerTo({ candidates, records, ...options }: ReplayRequest, registry: EngineRegistry): Answer {
  const results: CandidateResult[] = []
  for (const [c, { id, processors }] of candidates.entries()) {
    try {
      results.push({ id, ...replay(processors, registry, records, options) })
    } catch (error) {
      if (!(error instanceof StreamgateError)) throw error
      const path = error.path === undefined ? undefined : `candidates/${c}/${error.path}`
      return { ok: false, code: error.code, message: error.message, path }
    }
  }
  return { ok: true, results }
}
