/** Bodies of 100 records over HTTP, answered when they are taken, or (`durable`) when they are safe on disk. */
import { blast, Sink, Subject } from './measure.ts'
import {
  booksOf,
  corpusFile,
  delivered,
  HTTP_OUTPUT,
  HTTP_PORT,
  judged,
  type Result,
  type Size,
  streamgate,
  until,
} from './setup.ts'

const CONNECTIONS = 16
const RECORDS_PER_BODY = 100
const WARM_UP_REQUESTS = 200

interface Answers {
  requests: number
  accepted: number
  seconds: number
  p50Ms: number
  p99Ms: number
}

export async function* durable(size: Size): AsyncGenerator<Result> {
  const quick = await run(false, size)
  const safe = await run(true, size)
  yield quick.result
  const ratio = (safe.result.value / quick.result.value).toFixed(2)
  yield { ...safe.result, notes: `${safe.result.notes}; ${ratio} of what is not durable` }
}

async function run(promised: boolean, size: Size): Promise<{ result: Result }> {
  const source = { id: 'http', type: 'http', listen: `127.0.0.1:${HTTP_PORT}`, durable: promised, overflow: 'block' }
  const program = streamgate(`durable-${promised}`, {
    sources: [source],
    output: { ...HTTP_OUTPUT, when_full: 'spool' },
    batch: { max_records: 5000, max_bytes: 1 << 20, max_wait_ms: 100 },
  })
  const file = corpusFile(size.lines, 'json')
  const requests = Math.floor((size.lines * size.repeat) / RECORDS_PER_BODY)
  await using _ = await Sink.start('http')
  await using subject = await Subject.start(program.command, HTTP_PORT)
  await blast('http', HTTP_PORT, file, CONNECTIONS, WARM_UP_REQUESTS, RECORDS_PER_BODY)
  await until(delivered(WARM_UP_REQUESTS * RECORDS_PER_BODY))
  subject.reset()
  const answers = await blast<Answers>('http', HTTP_PORT, file, CONNECTIONS, requests, RECORDS_PER_BODY)
  const records = requests * RECORDS_PER_BODY
  await until(delivered(records + WARM_UP_REQUESTS * RECORDS_PER_BODY))
  const cpu = Math.max(0.01, subject.cpu())
  const { delivered: arrived } = await booksOf('out')
  const { accepted, seconds, p50Ms, p99Ms } = answers
  const result: Result = {
    case: `HTTP bodies of ${RECORDS_PER_BODY} records, durable: ${promised}`,
    program: 'streamgate',
    unit: 'records per CPU-second',
    value: Math.round(records / cpu),
    peakMb: Math.round(subject.peakMb()),
    notes:
      `${Math.round(requests / seconds)} answers/s on ${CONNECTIONS} connections, ` +
      `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ${cpu.toFixed(2)} s CPU for ${records} records`,
  }
  const complete = accepted === requests && arrived.records === records + WARM_UP_REQUESTS * RECORDS_PER_BODY
  return { result: judged(result, 'all accepted and delivered', complete) }
}
