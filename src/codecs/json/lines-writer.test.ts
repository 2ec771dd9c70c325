import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textFormat } from '#codecs/text/format.ts'
import { fromText } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { JsonLinesWriter } from './lines-writer.ts'

const context = { source: 'test', arrivalMs: 0, truncated: false, format: textFormat }

test('whatever text is written, JSON reads it back, one record a line', () => {
  const writer = new JsonLinesWriter()
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 50 }), (texts) => {
      const block = new Block()
      writer.begin(block, context)
      for (const text of texts) {
        const bytes = fromText(text)
        writer.raw('{"a":')
        writer.text(text)
        writer.raw(',"b":')
        writer.string(bytes, 0, bytes.length)
        writer.raw('}')
        writer.endRecord()
      }
      assert.equal(block.count, texts.length)
      texts.forEach((text, i) => {
        const wellFormed = text.toWellFormed()
        assert.deepEqual(JSON.parse(block.recordText(i)), { a: wellFormed, b: wellFormed })
        assert.equal(block.recordText(i).includes('\n'), false)
      })
    }),
  )
})

test('bytes that are not UTF-8 are repaired, and what is discarded leaves nothing', () => {
  const writer = new JsonLinesWriter()
  const block = new Block()
  writer.begin(block, context)
  writer.raw('[1')
  writer.discard()
  writer.raw('[')
  writer.string(Buffer.from([0x61, 0xff]), 0, 2)
  writer.raw(',')
  writer.hex(Buffer.from([0x0a, 0xff]), 0, 2)
  writer.raw(',')
  writer.number(Number.NaN)
  writer.raw(']')
  writer.endRecord()
  assert.deepEqual(JSON.parse(block.recordText(0)), ['a\ufffd', '0aff', null])
})
