import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BYTES_MAX, EngineClient, RECORDS_MAX, RULES_MAX, START_LIMIT_MS, TIME_LIMIT_MS } from './engine-client.ts'
import type { Answer, Job, RunResult, WorkerMessage } from './messages.ts'

/** Stands where the worker would, and answers when the test says so. */
class FakeWorker {
  readonly jobs: Job[] = []
  ended = false
  readonly hear: (message: WorkerMessage) => void
  readonly fail: (reason: string) => void
  constructor(hear: (message: WorkerMessage) => void, fail: (reason: string) => void) {
    this.hear = hear
    this.fail = fail
  }
  post(job: Job): void {
    this.jobs.push(job)
  }
  terminate(): void {
    this.ended = true
  }
  ready(): void {
    this.hear({ kind: 'ready' })
  }
  answer(seed: number): void {
    this.hear({ kind: 'answer', answer: resultOf(seed) })
  }
}

const resultOf = (ended: number): Answer<RunResult> => ({
  ok: true,
  result: { records: [], rules: [{ id: 'r', ended, edited: 0, errors: 0, bytes: 0 }] },
})

function start(t: TestContext): { client: EngineClient; workers: FakeWorker[]; latest: () => FakeWorker } {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const workers: FakeWorker[] = []
  const client = new EngineClient((hear, fail) => {
    const worker = new FakeWorker(hear, fail)
    workers.push(worker)
    return worker
  })
  t.after(() => client.close())
  return { client, workers, latest: () => workers.at(-1)! }
}

const records = [{ text: 'a' }]
const run = (client: EngineClient, seed: number) => client.run({ processors: [], records, seed })
const reasonOf = (answer: Answer<unknown>) => (answer.ok ? 'ok' : answer.reason)

test('jobs wait until the engine is loaded, then run one at a time', async (t) => {
  const { client, latest } = start(t)
  const first = run(client, 1)
  const explained = client.explain({ processors: [], record: { text: 'a' } })
  assert.equal(latest().jobs.length, 0)
  latest().ready()
  assert.deepEqual(
    latest().jobs.map(({ kind }) => kind),
    ['run'],
  )
  latest().answer(1)
  assert.deepEqual(await first, resultOf(1))
  assert.deepEqual(
    latest().jobs.map(({ kind }) => kind),
    ['run', 'explain'],
  )
  latest().hear({ kind: 'answer', answer: { ok: true, result: [] } })
  assert.deepEqual(await explained, { ok: true, result: [] })
})

test('of what waits the newest wins, and each kind waits for itself', async (t) => {
  const { client, latest } = start(t)
  latest().ready()
  const running = run(client, 1)
  const [second, third] = [run(client, 2), run(client, 3)]
  const explained = client.explain({ processors: [], record: { text: 'a' } })
  assert.equal(reasonOf(await second), 'superseded')
  latest().answer(1)
  assert.deepEqual(await running, resultOf(1))
  latest().hear({ kind: 'answer', answer: resultOf(3) })
  latest().hear({ kind: 'answer', answer: { ok: true, result: [] } })
  assert.deepEqual(new Set((await Promise.all([third, explained])).map(reasonOf)), new Set(['ok']))
  assert.equal(latest().jobs.length, 3)
})

test('what takes too long is ended with its worker, and the next job has another', async (t) => {
  const { client, workers, latest } = start(t)
  latest().ready()
  const slow = run(client, 1)
  const next = run(client, 2)
  t.mock.timers.tick(TIME_LIMIT_MS - 1)
  assert.equal(workers.length, 1)
  t.mock.timers.tick(1)
  const answer = await slow
  assert.equal(reasonOf(answer), 'too_slow')
  assert.match(answer.ok ? '' : answer.problems[0]!.detail, /too slow: they took longer than 2 seconds/)
  assert.ok(workers[0]!.ended)
  // Said before it ended, heard after.
  workers[0]!.answer(1)
  latest().ready()
  latest().answer(2)
  assert.deepEqual(await next, resultOf(2))
  t.mock.timers.tick(10 * TIME_LIMIT_MS)
  assert.equal(workers.length, 2, 'a job that has ended is not timed any more')
})

test('an engine that does not load is said to, and asked again with the next job', async (t) => {
  const { client, workers, latest } = start(t)
  const first = run(client, 1)
  latest().fail('404')
  const answer = await first
  assert.equal(reasonOf(answer), 'failed')
  assert.match(answer.ok ? '' : answer.problems[0]!.detail, /cannot run in this browser: 404/)
  const second = run(client, 2)
  assert.equal(workers.length, 2)
  t.mock.timers.tick(START_LIMIT_MS)
  assert.equal(reasonOf(await second), 'failed')
  const third = run(client, 3)
  latest().ready()
  latest().answer(3)
  assert.deepEqual(await third, resultOf(3))
})

test('more than a page should try is refused before it is sent', async (t) => {
  const { client, latest } = start(t)
  latest().ready()
  const big = 'ö'.repeat(BYTES_MAX / 4)
  for (const request of [
    { processors: [], records: Array.from({ length: RECORDS_MAX + 1 }, () => ({ text: '' })) },
    { processors: [], records: [{ text: big }, { text: big }, { text: 'x' }] },
    { processors: [], records: [{ base64: 'AAAA'.repeat(BYTES_MAX / 3 + 1) }] },
    { processors: Array.from({ length: RULES_MAX + 1 }, (_, i) => ({ id: `r${i}`, type: 'filter' })), records },
  ]) {
    assert.equal(reasonOf(await client.run(request)), 'too_large')
  }
  assert.equal(latest().jobs.length, 0)
  const fits = client.run({ processors: [], records: [{ text: big }, { text: big }] })
  latest().answer(1)
  assert.equal(reasonOf(await fits), 'ok')
})

test('nobody is left waiting when the page lets go', async (t) => {
  const { client, latest } = start(t)
  latest().ready()
  const open = [run(client, 1), run(client, 2)]
  client.close()
  open.push(run(client, 3))
  assert.deepEqual((await Promise.all(open)).map(reasonOf), ['failed', 'failed', 'failed'])
  assert.ok(latest().ended)
})
