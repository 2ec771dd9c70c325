import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Series } from '#contract/series.ts'
import { topRules, topServices } from '#ui/screens/overview/top.ts'

test('services stand by bytes in; those without a name and the rest say so; nobody saves more than came in', () => {
  const found = topServices(
    seriesOf([
      { key: 'unknown', labels: { service: '' }, samples: 3, values: { in_bytes: [10, 20], dropped_bytes: [0, 3] } },
      { key: 'api', labels: { service: 'api' }, samples: 9, values: { in_bytes: [50, 50], sampled_bytes: [25, 25] } },
      { key: 'other', labels: { service: 'other' }, samples: 1, values: { in_bytes: [1, 1], dropped_bytes: [2, 1] } },
      { key: 'idle', labels: { service: 'idle' }, samples: 0, values: { in_bytes: [0, 0] } },
    ]),
  )
  assert.deepEqual(
    found.map(({ name, bytes, removed, samples }) => [name, bytes, removed, samples]),
    [
      ['api', 100, 50, 9],
      [undefined, 30, 3, 3],
      ['all others', 2, 2, 1],
    ],
  )
})

test('rules stand by bytes that they ended and cut off; what did nothing is left out', () => {
  const found = topRules(
    seriesOf([
      {
        key: 'p/mask/redact',
        labels: labels('mask', 'redact'),
        values: { edited_bytes: [-5, -5], edited_records: [1, 1] },
      },
      {
        key: 'p/drop/filter',
        labels: labels('drop', 'filter'),
        values: { ended_bytes: [20, 0], ended_records: [2, 0] },
      },
      { key: 'p/idle/filter', labels: labels('idle', 'filter'), values: { ended_bytes: [0, 0] } },
      { key: 'other', labels: {}, values: { ended_bytes: [1, 0], ended_records: [1, 0] } },
    ]),
  )
  assert.deepEqual(
    found.map(({ rule, bytes, records }) => [rule, bytes, records]),
    [
      ['drop', 20, 2],
      ['mask', 10, 0],
      [undefined, 1, 1],
    ],
  )
})

const labels = (rule: string, type: string) => ({ pipeline: 'p', rule, type })

type Given = Pick<Series['series'][number], 'key' | 'labels' | 'values'> & { samples?: number }

function seriesOf(given: Given[]): Series {
  const series = given.map((one) => ({ samples: null, ...one, estimated: one.samples !== undefined }))
  return { configuration: 'default', by: 'rule', step: 'minute', from: 0, to: 1, times: [0, 1], series }
}
