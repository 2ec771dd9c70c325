/**
 * Which service wrote a record, and how severe it is: for figures over samples, where the record stands alone, as text.
 */
import { textFormat } from '#codecs/text/format.ts'
import { fromText } from '#std/bytes.ts'
import { Block, type BlockContext } from '#telemetry/block.ts'
import { type Severity, severityOf } from './level.ts'
import { EventReader, Slot } from './reader.ts'

/**
 * Names of OpenTelemetry's ranges of severity (logs data model, SeverityNumber); `unset` where the record says none.
 */
export const severityNames = ['unset', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type SeverityName = (typeof severityNames)[number]

export interface Labels {
  /** Empty where the record names none. */
  service: string
  severity: SeverityName
}

const CONTEXT: BlockContext = { source: '', arrivalMs: 0, truncated: false, format: textFormat }

export class LabelReader {
  readonly #block = new Block()
  readonly #reader = new EventReader()

  read(text: string): Labels {
    const bytes = fromText(text)
    const block = this.#block
    block.fill(bytes, 0, bytes.length, CONTEXT)
    block.addRecord(0, bytes.length)
    this.#reader.begin(block)
    this.#reader.read(0)
    if (!this.#reader.isObject) return { service: '', severity: 'unset' }
    const level = this.#reader.string(Slot.level)
    return {
      service: this.#reader.string(Slot.service) ?? '',
      severity: level === undefined ? 'unset' : severityNameOf(severityOf(level)),
    }
  }
}

export function severityNameOf(severity: Severity): SeverityName {
  return severityNames[severity < 1 || severity > 24 ? 0 : Math.ceil(severity / 4)]!
}
