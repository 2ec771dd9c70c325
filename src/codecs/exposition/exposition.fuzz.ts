import { metricFormat } from '#codecs/metric/format.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { parseExposition } from './parser.ts'

const block = new Block()
const json = new Block()
const writer = new MetricWriter()
const context = { source: 'fuzz', arrivalMs: 0, truncated: false, format: metricFormat }

export const fuzz: FuzzTarget = {
  name: 'exposition',
  seeds: [
    '# HELP a Help.\n# TYPE a counter\na_total{b="c",d="\\"\\n"} 1e3 1395066363000\nb NaN\n{"x.y",z="1"} +Inf\n',
    '# TYPE h histogram\n# UNIT h_s s\nh_bucket{le="1.0"} 3 1.5 # {trace_id="a"} 0.5 1.5\nh_sum 1\n# EOF\n',
  ].map((text) => Buffer.from(text)),
  run(bytes) {
    for (const format of ['text', 'openmetrics'] as const) {
      writer.begin(block, context)
      parseExposition(Buffer.from(bytes), format, ({ name, labels, value, exemplar, meaning }) => {
        writer.start(meaning.kind, meaning.temporality, meaning.flags)
        writer.name(name)
        for (const label of labels) writer.label(label.name, 0, label.name.length, label.value, 0, label.value.length)
        writer.value(value)
        if (exemplar !== undefined) writer.field(4, exemplar)
        writer.end()
        return block.count < 1000
      })
      metricFormat.toJson(block, json)
    }
  },
}
