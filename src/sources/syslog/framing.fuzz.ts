/** Any bytes as a stream, in reads of any size, under each framing and with an intake that is full every other time. */
import { ByteBudget } from '#listeners/byte-budget.ts'
import { allocate, fromText, viewOf } from '#std/bytes.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { SyslogEntries } from './entries.ts'
import { framings, type MessageLimits, SyslogFraming } from './framing.ts'

const SEEDS = [
  '5 <1>ab7 <1>c\nde<2>line\n12 <3>message 1\n',
  '<13>one\r\n<13>two\0<13>three\n2026-01-31 a date\n1 apple\n',
  '99999999 <1>too long by far',
]
const MESSAGE_BYTES_MAX = 480
const gathered = allocate(4 * MESSAGE_BYTES_MAX)

export const fuzz: FuzzTarget = {
  name: 'syslog_framing',
  seeds: SEEDS.map(fromText),
  run(input) {
    for (const framing of framings) {
      for (const size of [1, 7, input.length]) frame(input, framing, Math.max(1, size))
    }
  },
}

/** Throws when more than the stream, and a line end for each of its bytes, comes out; or memory is not given back. */
function frame(input: Uint8Array, framing: MessageLimits['framing'], size: number): void {
  const budget = new ByteBudget(8 * MESSAGE_BYTES_MAX)
  let asked = 0
  let bytes = 0
  const intake = {
    entryBytesMax: 4 * MESSAGE_BYTES_MAX,
    put(_entry: object, head: Uint8Array | null, _body: Uint8Array, from: number, to: number): boolean {
      if (asked++ % 2 === 0) return false
      bytes += (head?.length ?? 0) + to - from
      return true
    },
  }
  const limits: MessageLimits = {
    ...{ framing, messageBytesMax: MESSAGE_BYTES_MAX, tooLong: 'cut', budget, gathered },
    dropped: () => undefined,
    malformed: () => undefined,
  }
  const framer = new SyslogFraming(new SyslogEntries(intake, 1, 'UTC'), limits, () => undefined)
  // The framing may write to what it is given.
  const stream = viewOf(Uint8Array.from(input))
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + size)
    at += framer.take(stream.subarray(at, end))
  }
  while (!framer.end());
  if (bytes > 2 * input.length) throw new Error(`${bytes} bytes came out of ${input.length}`)
  if (budget.used !== 0) throw new Error(`${budget.used} bytes are still held`)
}
