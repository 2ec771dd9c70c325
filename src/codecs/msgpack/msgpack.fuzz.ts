import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { textFormat } from '#codecs/text/format.ts'
import { fromLatin1, latin1ToBytes, viewOf } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { Examiner } from './examine.ts'
import { JsonOfMsgpack } from './json.ts'
import { ValueScanner } from './scanner.ts'

const writer = new JsonLinesWriter()
const examiner = new Examiner()
const block = new Block()

/** A value as JSON, which must then be JSON. */
export const fuzz: FuzzTarget = {
  name: 'msgpack',
  seeds: [
    '\x82\xa1a\x01\xa1b\x92\xc3\xcb\x3f\xf8\0\0\0\0\0\0',
    '\x82\xa1a\x01\xa1a\xc4\x02\xff\xfe',
    '\x91\xd7\0\x65\0\0\0\0\0\0\x01',
    '\xde\0\x02\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xc0\xd9\x02hi\xdc\0\x01\xa0',
  ].map(latin1ToBytes),
  run(bytes) {
    const view = viewOf(bytes)
    const { end, superseded } = examiner.examine(view, 0, view.length)
    const scanned = new ValueScanner(view.length).scan(view, 0, view.length)
    if (end !== -1 && scanned !== end) throw new Error(`the scanner ends at ${scanned}, the examiner at ${end}`)
    if (end === -1) return
    writer.begin(block, { source: '', arrivalMs: 0, truncated: false, format: textFormat })
    const json = new JsonOfMsgpack(writer, view)
    json.begin(view, end, superseded)
    if (json.value(0) !== end) throw new Error('the value has another end when it is written')
    writer.endRecord()
    JSON.parse(fromLatin1(block.text().slice(0, -1)))
  },
}
