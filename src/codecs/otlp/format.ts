/** Log records and spans of OpenTelemetry, byte for byte as they came, for rules to read and edit. */

import { fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { RecordFormat } from '#telemetry/format.ts'
import { giveBack, numberAttribute } from './edits.ts'
import { LogField, SpanField } from './field-numbers.ts'
import { lookupOf } from './lookup.ts'
import { Texts } from './texts.ts'
import { toJson } from './to-json.ts'
import { findByKey } from './values.ts'

export const otlpLogFormat = formatOf('log', LogField.ATTRIBUTES)
export const otlpSpanFormat = formatOf('span', SpanField.ATTRIBUTES)

function formatOf(kind: 'log' | 'span', attributes: number): RecordFormat {
  const texts = new Texts(kind)
  return {
    name: `otlp_${kind}`,
    signal: kind === 'log' ? 'logs' : 'traces',
    isText: false,
    isLiteral: false,
    lookup: (name) => lookupOf(kind, name),
    strings: (block, into) => texts.read(block, into),
    replace: giveBack,
    annotate: (block, i, name, value) => annotate(block, i, attributes, name, value),
    toJson: (block, into) => toJson(kind, block, into),
  }
}

const found = { from: 0, to: 0 }

function annotate(block: Block, i: number, field: number, name: string, value: number): void {
  const end = block.ends[i]!
  if (findByKey(block.bytes, block.starts[i]!, end, field, fromText(name), found)) return
  block.edit(end, end, numberAttribute(field, name, value))
}
