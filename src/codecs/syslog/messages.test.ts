/** Syslog messages on their way out: as they are, or written anew; and what a fuzzer makes of all of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { redact } from '#processors/redact/redact.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { Block } from '#telemetry/block.ts'
import { allOf, blockOf } from '#test/support/blocks.ts'
import { encodeWithin } from '#test/support/encoding.ts'
import { parseSyslog } from '#test/support/vendors/syslog.ts'
import { syslogZoned, zonedHead } from './decoders.ts'
import { syslogFormat } from './format.ts'
import { fuzz } from './syslog.fuzz.ts'
import { HEADER_BYTES_MAX, type SyslogOptions, syslog } from './syslog.ts'

enableLinearRegex()

const SEED = 20_260_131
const base: SyslogOptions = { framing: 'datagram', facility: 16, hostname: 'relay', appName: '-', message: 'record' }
const context = { arrivalMs: Date.UTC(2026, 0, 31, 8, 15, 31), format: syslogFormat }

function encode(records: readonly (string | Uint8Array)[], options: Partial<SyslogOptions> = {}): Buffer[] {
  return encodeWithin(syslog.create({ ...base, ...options }), blockOf(records, { context }))
}

test('syslog: what came as RFC 5424 goes out byte for byte, anything else as RFC 5424', () => {
  const same = [
    '<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeffna\u00efve',
    '<165>1 2003-10-11T22:14:15.003-07:00 h evntslog - ID47 [x@32473 a="\\]" odd="\\n"] two\nlines',
    '<14>1 - - - - - -',
    '<14>1 - - - - - - ',
  ]
  assert.deepEqual(encode(same).map(String), same)
  const latin1 = Buffer.from('<14>1 - - - - - - na\xefve', 'latin1')
  assert.deepEqual(encode([latin1]), [latin1])
  const cases: [before: string, after: string][] = [
    ['<34>Oct 11 22:14:15 mymachine su[7]: failed', '<34>1 2025-10-11T22:14:15.000Z mymachine su 7 - - failed'],
    ['<34>failed', '<34>1 2026-01-31T08:15:31.000Z relay - - - - failed'],
    ['failed', '<134>1 2026-01-31T08:15:31.000Z relay - - - - failed'],
    ['', '<134>1 2026-01-31T08:15:31.000Z relay - - - -'],
    ['<014>1 - - - - - - x', '<14>1 2026-01-31T08:15:31.000Z relay - - - - x'],
    [
      `<14>1 2026-01-31T08:15:30.123456789z h\u00e9 ${'a'.repeat(60)} - - [a b="c"] x`,
      `<14>1 2026-01-31T08:15:30.123456Z h__ ${'a'.repeat(48)} - - [a b="c"] x`,
    ],
    ['<14>1 2026-01-31T08:15:30Z host app web.3 - State', '<14>1 2026-01-31T08:15:30.000Z host app web.3 - - State'],
    ['<14>1 broken', '<14>1 2026-01-31T08:15:31.000Z relay - - - - <14>1 broken'],
  ]
  assert.deepEqual(
    encode(cases.map(([before]) => before)).map(String),
    cases.map(([, after]) => after),
  )
})

test('syslog: a message that goes on is framed, flattened and cut as any other', () => {
  const record = '<14>1 - - - - - [a b="c\nd"] two\nlines\u0000'
  assert.equal(String(encode([record], { framing: 'newline' })[0]), '<14>1 - - - - - [a b="c d"] two lines\n')
  assert.equal(String(encode(['<14>1 - - - - - - x'], { framing: 'octet_counting' })[0]), '19 <14>1 - - - - - - x')
  const limit = HEADER_BYTES_MAX
  const long = `<14>1 - - - - - - ${'é'.repeat(limit)}`
  const [cut] = encode([long], { messageBytesMax: limit })
  assert.ok(cut!.length <= limit && cut!.length > limit - 3 && String(cut).endsWith('é…'))
  // Structured data that leaves no room is left out.
  const data = `<14>1 - - - - - [a b="${'x'.repeat(limit)}"] message`
  const [without] = encode([data], { messageBytesMax: limit })
  assert.equal(String(without), '<14>1 2026-01-31T08:15:31.000Z relay - - - - message')
  const [whole] = encode([data])
  assert.equal(String(whole), data)
})

test(`syslog: whatever is not of RFC 5424 goes out as that, with all of its message (seed ${SEED})`, () => {
  const part = fc.oneof(
    fc.constantFrom('<14>', '<191>', '1 ', 'Jan 31 08:15:30 ', '2026-01-31T08:15:30Z ', 'h ', 'app[1]: ', '- ', ': '),
    fc.constantFrom('[a b="c"] ', '[', ']', '"', '\\', '\n', '{"a":1}', 'é', '\u0000'),
    fc.string({ maxLength: 20 }),
  )
  const record = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (records) => {
      encode(records).forEach((bytes, i) => {
        const parsed = parseSyslog(bytes)
        assert.ok(parsed !== undefined, `${records[i]} became ${bytes}`)
        const plain = records[i]!.replace(/\u0000+$/, '')
        assert.ok(plain.endsWith(parsed.message), `${records[i]} became ${bytes}`)
      })
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('syslog: redact reaches what stands in structured data', () => {
  const options = redact.config.parse({ pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX' })
  const processor = redact.create(options, { random: () => 0, state: new SharedArrayBuffer(0), engine: 0 })
  const block = blockOf(['<14>1 - h a - - [user@32473 ssn="123-45-6789"] is 987-65-4321'], { context })
  processor.process(block)
  assert.deepEqual(allOf(block), ['<14>1 - h a - - [user@32473 ssn="XXX"] is XXX'])
})

test('syslog: an entry with a zone in front, of lines and of one message', () => {
  const decoder = syslogZoned.create()
  for (const [kind, text, count] of [
    [0, '<13>Jul 31 08:15:30 h a: m\n<13>Jul 31 08:15:30 h a: n\n', 2],
    [1, '<13>Jul 31 08:15:30 h a: m\nn', 1],
  ] as const) {
    const body = Buffer.concat([zonedHead(kind, 'Europe/Berlin'), Buffer.from(text)])
    const bytes = Buffer.concat([Buffer.from('before'), body, Buffer.from('\n')])
    const entry = { bytes, from: 6, to: 6 + body.length }
    const block = new Block()
    block.fill(bytes, 6, 6, { source: 's', truncated: false, arrivalMs: Date.UTC(2026, 7, 1), format: syslogFormat })
    assert.equal(decoder.count(entry, 6).records, count)
    assert.equal(decoder.decode(entry, 6, block, 100).done, true)
    const json = new Block()
    block.context.format.toJson(block, json)
    assert.equal(json.count, count)
    assert.equal(JSON.parse(json.recordText(0)).timestamp, '2026-07-31T06:15:30.000Z')
  }
})

test(`syslog: mutated messages, through all that reads them (seed ${SEED})`, () => {
  const mutated = fc
    .tuple(fc.constantFrom(...fuzz.seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { maxLength: 8 }))
    .map(([seed, edits]) => {
      const bytes = [...seed]
      for (const [place, byte, kind] of edits) bytes.splice(place % bytes.length, kind, byte)
      return Uint8Array.from(bytes)
    })
  fc.assert(
    fc.property(mutated, (bytes) => fuzz.run(bytes)),
    { seed: SEED, numRuns: 2000 },
  )
})
