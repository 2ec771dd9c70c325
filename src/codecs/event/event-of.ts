/**
 * Reads what single texts say of themselves: for whoever holds records as texts, a few thousand of them, and no
 * block.
 */
import { SyslogMessage } from '#codecs/syslog/message.ts'
import { levels } from '#codecs/syslog/names.ts'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, fromText, utf8 } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { type Severity, severityOf } from './level.ts'
import { EventReader, Slot } from './reader.ts'
import { severityOfText } from './text-level.ts'

export interface EventFacts {
  /** `text`: the record is its own message. */
  form: 'json' | 'syslog' | 'text'
  service: string | undefined
  /** As it is written; undefined where only its severity can be guessed. */
  level: string | undefined
  /** 0 where nothing is known. */
  severity: Severity
  message: string
}

export class EventTexts {
  readonly #reader = new EventReader()
  readonly #block = new Block()
  readonly #syslog = new SyslogMessage()

  read(text: string): EventFacts {
    const bytes = fromText(text)
    const block = this.#block
    block.fill(bytes, 0, bytes.length, CONTEXT)
    block.addRecord(0, bytes.length)
    const reader = this.#reader
    reader.begin(block)
    reader.read(0)
    if (!reader.isObject) return this.#readText(text, bytes)
    const level = reader.string(Slot.level)
    const severity = level === undefined ? 0 : severityOf(level)
    const message = reader.string(Slot.message) ?? ''
    return { form: 'json', service: reader.string(Slot.service), level, severity, message }
  }

  #readText(text: string, bytes: Bytes): EventFacts {
    const syslog = this.#syslog
    syslog.read(bytes, 0, bytes.length)
    if (syslog.form === 'none') {
      return { form: 'text', service: undefined, level: undefined, severity: severityOfText(text), message: text }
    }
    const level = levels[syslog.priority & 7]!
    const service = syslog.appFrom === -1 ? undefined : utf8(bytes, syslog.appFrom, syslog.appTo)
    const message = utf8(bytes, syslog.messageFrom, syslog.to)
    return { form: 'syslog', service, level, severity: severityOf(level), message }
  }
}

const CONTEXT = { source: '', arrivalMs: 0, truncated: false, format: textFormat }
