import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { textFormat } from '#codecs/text/format.ts'
import { Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { writeCheck, writeEvent } from './event.ts'
import { LineKind, StatsdLine } from './line.ts'

const line = new StatsdLine()
const block = new Block()
const writer = new JsonLinesWriter()
const context = { source: 'fuzz', arrivalMs: 0, truncated: false, format: textFormat }

export const statsdFuzz: FuzzTarget = {
  name: 'statsd',
  seeds: [
    'page.views:1|c|@0.5|#env:dev,b',
    'songs:1:2.5:-3e2:+inf|d|T1656581400|c:ci-1|e:x|card:low',
    'u:a|s',
    '_e{5,4}:title|text|d:1767225600|h:web|k:a|p:low|s:x|t:error|#a:b,c',
    '_sc|name|2|d:1767225600|h:web|#a:b|m:what\\n is',
  ].map((text) => Buffer.from(text)),
  run(input) {
    const bytes = Buffer.from(input)
    const kind = line.read(bytes, 0, bytes.length)
    writer.begin(block, context)
    if (kind === LineKind.EVENT) writeEvent(bytes, 0, bytes.length, writer)
    if (kind === LineKind.CHECK) writeCheck(bytes, 0, bytes.length, writer)
    for (let i = 0; i < block.count; i++) JSON.parse(block.recordText(i))
  },
}
