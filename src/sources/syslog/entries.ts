/**
 * Puts messages into the intake under the decoders of `codecs/syslog`, with the zone of times that name none where it
 * is not UTC.
 */
import { zonedHead } from '#codecs/syslog/decoders.ts'
import type { Intake, IntakeEntry } from '#component/source.ts'
import { type Bytes, concat } from '#std/bytes.ts'

/** What `LineFraming` and the gathering of datagrams name. */
type Plain = Pick<IntakeEntry, 'framing' | 'truncated'>

export class SyslogEntries {
  /** What a body and its head may have here. */
  readonly entryBytesMax: number
  readonly #intake: Pick<Intake, 'put' | 'entryBytesMax'>
  readonly #origin: number
  readonly #lineHead: Bytes | null
  readonly #recordHead: Bytes | null

  constructor(intake: Pick<Intake, 'put' | 'entryBytesMax'>, origin: number, zone: string) {
    this.#intake = intake
    this.#origin = origin
    this.#lineHead = zone === 'UTC' ? null : zonedHead(0, zone)
    this.#recordHead = zone === 'UTC' ? null : zonedHead(1, zone)
    this.entryBytesMax = intake.entryBytesMax - (this.#lineHead?.length ?? 0)
  }

  /** As `Intake.put`; `lines` and `record` are messages here. */
  put({ framing, truncated }: Plain, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
    const isLines = framing === 'lines'
    const zoned = isLines ? this.#lineHead : this.#recordHead
    const entry: IntakeEntry = {
      origin: this.#origin,
      framing: zoned !== null ? 'syslog_zoned' : isLines ? 'syslog_lines' : 'syslog_record',
      truncated: truncated === true,
    }
    const whole = zoned === null || head === null ? (zoned ?? head) : concat([zoned, head])
    return this.#intake.put(entry, whole, body, from, to)
  }
}
