import { metricFormat } from '#codecs/metric/format.ts'
import { Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { encodeRequest, labelsOf } from '#test/support/prometheus-protos.ts'
import { HeadFlag, remoteWrite, remoteWrite2 } from './decoder.ts'
import { survey } from './survey.ts'

const timestamp = 1_700_000_000_000
const histograms = [
  { count_int: 3, sum: 1, schema: 0, timestamp, positive_spans: [{ offset: 1, length: 2 }], positive_deltas: [1, 1] },
  {
    count_float: 2,
    schema: -53,
    timestamp,
    custom_values: [1],
    positive_spans: [{ length: 2 }],
    positive_counts: [1, 1],
  },
]
const exemplars = [{ labels: labelsOf({ trace_id: '0123456789abcdef0123456789abcdef' }), value: 1, timestamp }]
const symbols = ['', '__name__', 'a', 'job', 'x', 'help']

/** The first byte names the version, the second the head of the entry. */
const seeds = [
  [
    1,
    encodeRequest(1, {
      timeseries: [
        { labels: labelsOf({ __name__: 'a', job: 'x' }), samples: [{ value: 1, timestamp }, { timestamp }], exemplars },
        { labels: labelsOf({ __name__: 'h' }), histograms },
      ],
      metadata: [{ type: 1, metric_family_name: 'a', help: 'help', unit: 's' }],
    }),
  ],
  [
    2,
    encodeRequest(2, {
      symbols,
      timeseries: [
        { labels_refs: [1, 2, 3, 4], samples: [{ value: 1, timestamp }], metadata: { type: 1, help_ref: 5 } },
        { labels_refs: [1, 2], histograms },
        { labels_refs: [1, 2, 3, 4], exemplars: [{ labels_refs: [3, 4], value: 2, timestamp }] },
      ],
    }),
  ],
] as const

const plain = encodeRequest(1, {
  timeseries: ['x', 'y'.repeat(150)].map((job) => ({
    labels: labelsOf({ __name__: 'a', job }),
    samples: [{ value: job.length, timestamp }],
  })),
})

const block = new Block()
const json = new Block()
const lookups = ['name', 'value', 'kind', 'unit', 'job'].map((name) => metricFormat.lookup(name))

export const fuzz: FuzzTarget = {
  name: 'remote_write',
  seeds: [
    ...seeds.map(([version, body]) => Buffer.concat([Buffer.from([version, HeadFlag.EXEMPLARS]), body])),
    ...[0, HeadFlag.PLAIN].map((flags) => Buffer.concat([Buffer.from([1, flags]), plain])),
  ],
  run(input) {
    const bytes = Buffer.from(input)
    const version = bytes[0] === 2 ? 2 : 1
    survey(bytes.subarray(2), version)
    const decoder = (version === 1 ? remoteWrite : remoteWrite2).create()
    const entry = { bytes, from: Math.min(1, bytes.length), to: bytes.length }
    for (let at = entry.from, done = false; !done; ) {
      block.fill(bytes, at, at, { source: 'fuzz', arrivalMs: 0, truncated: false, format: metricFormat })
      const part = decoder.decode(entry, at, block, 3)
      if (!part.done && part.end <= at) throw new Error(`no progress at ${at}`)
      for (let i = 0; i < block.count; i++) for (const lookup of lookups) lookup.find(block, i)
      metricFormat.toJson(block, json)
      at = part.end
      done = part.done
    }
  },
}
