import { textFormat } from '#codecs/text/format.ts'
import { concat, fromLatin1, fromText, latin1ToBytes, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { entryHead, fluent } from './fluent.ts'

const decoder = fluent.create()
const block = new Block()
const message = textFormat.lookup('message')
const head = entryHead('fluent_tag', fromText('app.web'), false)

/** An entry of events, each record of which must then be JSON. */
export const fuzz: FuzzTarget = {
  name: 'fluent',
  seeds: [
    '\x92\xd7\0\x65\x53\xf1\0\x07\x5b\xcd\x15\x82\xa3log\xa2hi\xa1n\x05',
    '\x92\xce\x65\x53\xf1\0\x81\xa7message\xa1a\x92\x92\xce\x65\x53\xf1\0\x81\xa1m\x01\x80',
    '\x92\x01\x83\xa1a\x01\xa1a\x92\xc3\xc0\x01\xc4\x02\xff\xfe',
  ].map((events) => concat([head, latin1ToBytes(events)])),
  run(given) {
    const bytes = viewOf(given)
    const entry = { bytes, from: 0, to: bytes.length }
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, at, at, { source: '', arrivalMs: 0, truncated: false, format: textFormat })
      const decoded = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
      for (let i = 0; i < block.count; i++) {
        JSON.parse(fromLatin1(block.text().slice(block.starts[i]! - block.from, block.ends[i]! - block.from)))
        message.find(block, i)
      }
      if (!decoded.done && decoded.end <= at) throw new Error('the decoder does not go on')
      at = decoded.end
      done = decoded.done
    }
    decoder.count(entry, 0)
  },
}
