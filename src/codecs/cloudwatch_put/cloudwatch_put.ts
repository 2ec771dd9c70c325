/**
 * `cloudwatch_put`: events of CloudWatch Logs (`PutLogEvents`) as flat JSON records.
 *
 *   {"log_group":"g","log_stream":"s"}\n {"timestamp":1700000000000,"message":"hi"} , …
 *   -> {"message":"hi","timestamp":1700000000000,"log_group":"g","log_stream":"s"}
 *
 * A message that is itself a JSON object gives its fields to the record instead; of what stands around it, the record
 * gets what it does not say itself.
 */
import { HeadedDecoder, nextObject, type RecordShape } from '#codecs/headed/headed.ts'
import { SharedMembers } from '#codecs/headed/shared-members.ts'
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Members, skipSpace } from '#codecs/json/members.ts'
import { isJsonObject } from '#codecs/json/validate.ts'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, fromText, indexOfByte, NEWLINE, utf8 } from '#std/bytes.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

/** What a request says of all its events. */
export const CLOUDWATCH_SHARED = ['log_group', 'log_stream'] as const

const EVENT = ['timestamp', 'message'] as const
const TIMESTAMP = EVENT.indexOf('timestamp')
const MESSAGE = EVENT.indexOf('message')
const OWN = [...CLOUDWATCH_SHARED, 'timestamp'] as const
const OWN_TIMESTAMP = OWN.indexOf('timestamp')
const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20
const ZERO = 0x30
const NINE = 0x39

export const cloudwatchPut: DecoderDefinition = {
  name: 'cloudwatch_put',
  format: textFormat,
  create: () => new HeadedDecoder(new LogEvent()),
}

class LogEvent implements RecordShape {
  readonly #shared = new SharedMembers(CLOUDWATCH_SHARED)
  readonly #event = new Members(EVENT)
  readonly #own = new Members(OWN)
  #head: Bytes = fromText('')

  /** A copy, short as it is: what is written of it must not be looked for in the bytes of a message. */
  head(bytes: Bytes, from: number, to: number): void {
    this.#head = fromText(utf8(bytes, from, to))
    this.#shared.read(this.#head, 0, this.#head.length)
  }

  record(bytes: Bytes, at: number, to: number, out: JsonLinesWriter): number {
    const from = nextObject(bytes, at, to)
    if (from === to) return to
    const event = this.#event
    const end = event.read(bytes, from, to)
    if (end === -1 || !event.has(MESSAGE) || bytes[event.from[MESSAGE]!] !== QUOTE) return -1
    const object = this.#object(bytes, event.from[MESSAGE]!, event.to[MESSAGE]!)
    out.raw('{')
    const isEmpty = object === undefined ? this.#writeMessage(bytes, out) : this.#writeFields(object, out)
    const own = object === undefined ? undefined : this.#own
    const timestamp = own?.has(OWN_TIMESTAMP) !== true && this.#isTime(bytes)
    if (timestamp) {
      out.raw(isEmpty ? '"timestamp":' : ',"timestamp":')
      out.rawBytes(bytes, event.from[TIMESTAMP]!, event.to[TIMESTAMP]!)
    }
    if (own === undefined || this.#shared.isMissing(own)) {
      if (!isEmpty || timestamp) out.raw(',')
      this.#shared.writeMissing(this.#head, own, out)
    }
    out.raw('}')
    out.endRecord()
    return end
  }

  /** The message as bytes of an object, if it is one. [from, to) is its string, with its quotes. */
  #object(bytes: Bytes, from: number, to: number): Bytes | undefined {
    const first = bytes[from + 1]!
    if (first !== OPEN_BRACE && first > SPACE && first !== 0x5c) return undefined
    const text = parsed(utf8(bytes, from, to))
    if (text === undefined) return undefined
    const object = fromText(text)
    const at = skipSpace(object, 0, object.length)
    if (!isJsonObject(object, at, object.length)) return undefined
    this.#own.read(object, at, object.length)
    return object
  }

  #writeMessage(bytes: Bytes, out: JsonLinesWriter): false {
    const [from, to] = [this.#event.from[MESSAGE]!, this.#event.to[MESSAGE]!]
    out.raw('"message":')
    // What is no JSON stays one record all the same.
    if (indexOfByte(bytes, NEWLINE, from, to) === -1) out.rawBytes(bytes, from, to)
    else out.string(bytes, from + 1, to - 1)
    return false
  }

  /** True: there were none. */
  #writeFields(object: Bytes, out: JsonLinesWriter): boolean {
    if (this.#own.count === 0) return true
    // Between its members, as programs print them.
    for (let at = object.indexOf(NEWLINE); at !== -1; at = object.indexOf(NEWLINE, at)) object[at] = SPACE
    out.rawBytes(object, object.indexOf(OPEN_BRACE) + 1, object.lastIndexOf(CLOSE_BRACE))
    return false
  }

  #isTime(bytes: Bytes): boolean {
    const event = this.#event
    if (!event.has(TIMESTAMP)) return false
    for (let at = event.from[TIMESTAMP]!; at < event.to[TIMESTAMP]!; at++) {
      if (bytes[at]! < ZERO || bytes[at]! > NINE) return false
    }
    return true
  }
}

function parsed(string: string): string | undefined {
  try {
    return JSON.parse(string) as string
  } catch {
    return undefined
  }
}
