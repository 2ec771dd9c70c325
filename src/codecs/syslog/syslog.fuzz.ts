/** Any bytes as lines, as one message and with a zone, read by rules, as JSON, and written as RFC 5424. */
import { allocate, concat, fromText, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { syslogLines, syslogRecord, syslogZoned, zonedHead } from './decoders.ts'
import { HEADER_BYTES_MAX, syslog } from './syslog.ts'

const SEEDS = [
  '<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It is time to make the do-nuts.',
  '<165>1 2003-10-11T22:14:15.003Z host evntslog - ID47 ' +
    '[exampleSDID@32473 iut="3" a="\\]\\"\\\\"][b c="d"] \ufeff{"level":"info","n":{"m":1}}',
  '<34>Oct 11 22:14:15 mymachine su[7]: failed for lonvick\n' +
    '<187>1047: *Jan 31 2026 08:15:30.417 UTC: %LINK-3-UPDOWN: down\n<13>x',
  '<30>2026-01-31T09:15:30.123456+01:00 web-3 systemd[1]: Started\r\n<14>@cee: {"level":"warn"}\n{"a":"b"}',
]
const NAMES = ['level', 'host', 'message', 'timestamp', 'n/m', 'a', 'exampleSDID@32473/iut', 'message/level', 'version']

const lookups = NAMES.map((name) => syslogLines.format.lookup(name))
const decoders = [syslogLines, syslogRecord, syslogZoned].map((definition) => ({
  definition,
  decoder: definition.create(),
}))
const encoders = [undefined, HEADER_BYTES_MAX].map((messageBytesMax) =>
  syslog.create({
    ...{ framing: 'octet_counting', facility: 16, hostname: '-', appName: '-', message: 'record' },
    ...(messageBytesMax === undefined ? {} : { messageBytesMax }),
  }),
)
const block = new Block()
const json = new Block()
const ends = new Int32Array(BLOCK_RECORDS_MAX)

export const fuzz: FuzzTarget = {
  name: 'syslog',
  seeds: [...SEEDS.map(fromText), ...SEEDS.map((seed) => concat([zonedHead(0, '+02:00'), fromText(seed)]))],
  run(input) {
    // As in the intake: a newline behind the entry.
    const bytes = viewOf(new Uint8Array(input.length + 1))
    bytes.set(input)
    bytes[input.length] = 0x0a
    for (const { definition, decoder } of decoders) {
      const entry = { bytes, from: 0, to: input.length }
      decoder.count(entry, 0)
      for (let at = 0, done = input.length === 0; !done; ) {
        const context = { source: 'fuzz', arrivalMs: 1_767_225_600_000, truncated: false, format: definition.format }
        block.fill(bytes, at, at, context)
        const decoded = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
        read(block)
        done = decoded.done
        at = decoded.end
      }
    }
  },
}

function read(block: Block): void {
  const { format } = block.context
  for (let i = 0; i < block.count; i++) for (const lookup of lookups) lookup.find(block, i)
  format.toJson(block, json)
  for (const encoder of encoders) encoder.encode(block, allocate(encoder.sizeMax(block)), 0, ends, 0)
  for (let i = 0; i < block.count; i++) format.annotate(block, i, 'rate', 10)
  block.commitEdits()
}
