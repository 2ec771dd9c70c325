/** A receipt and suggestions over the samples of ten minutes, as a controller makes them: what they take, and what they hold up. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { runtimeOf } from '#cli/control-runtime.ts'
import type { ObservedRecord, SampleWindow } from '#contract/observation.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { inputOf } from '#test/support/receipts.ts'
import { corpus } from './corpus.ts'
import { judged, type Result, type Size } from './setup.ts'

const WINDOWS = 10
const RECORDS = 256
const WINDOW_MS = 60_000
const ROUNDS = 5

const live = [{ id: 'drop', type: 'filter', params: { value: 'DEBUG' } }]
const candidate = [...live, { id: 'redact', type: 'redact', params: { pattern: '\\d{3}-\\d{2}-\\d{4}' } }]

export async function* receipt(_size: Size): AsyncGenerator<Result> {
  enableLinearRegex()
  const runtime = runtimeOf(() => undefined)
  const windows = samples()
  const records = windows.flatMap((window) => window.records.map(({ before, at }) => ({ ...before, at })))
  const input = inputOf(windows, { live, candidate } as never, Math.random)
  const works: [string, number, () => Promise<unknown>][] = [
    ['replay of both sides', 2_000, () => runtime.replay([live, candidate] as never, records)],
    ['receipt', 2_000, () => runtime.analyse({ kind: 'receipt', input })],
    ['suggestions', 2_000, () => runtime.analyse({ kind: 'suggestions', windows })],
  ]
  for (const [name, msMax, work] of works) {
    const times: number[] = []
    await work()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now()
      await work()
      times.push(performance.now() - startedAt)
    }
    delay.disable()
    const value = Math.round(times.sort((a, b) => a - b)[ROUNDS >> 1]!)
    const notes = `the event loop waited ${(delay.max / 1e6).toFixed(1)} ms at most`
    const common = {
      case: `${name}, ${WINDOWS} windows of ${RECORDS}`,
      program: 'streamgate',
      unit: 'ms',
      value,
      notes,
    }
    yield judged(common, `< ${msMax / 1000} s`, value < msMax)
  }
}

function samples(): SampleWindow[] {
  const lines = corpus(WINDOWS * RECORDS, 'mixed')
    .toString('utf8')
    .split('\n')
  return Array.from({ length: WINDOWS }, (_, w) => ({
    pipeline: 'logs',
    from: w * WINDOW_MS,
    to: (w + 1) * WINDOW_MS,
    seen: { records: 1_000_000, bytes: 100_000_000 },
    records: lines.slice(w * RECORDS, (w + 1) * RECORDS).map((text, i): ObservedRecord => {
      const isDropped = text.includes('DEBUG')
      const length = Buffer.byteLength(text)
      return {
        pipeline: 'logs',
        source: 's',
        at: w * WINDOW_MS + i,
        fate: isDropped ? 'dropped' : 'forwarded',
        rule: isDropped ? 'drop' : null,
        edited_by: [],
        before: { text },
        after: isDropped ? null : { text },
        bytes_in: length,
        bytes_out: isDropped ? 0 : length,
      }
    }),
  }))
}
