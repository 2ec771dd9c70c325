/**
 * `described_lines`: lines whose request says something of all of them, such as a host. Each becomes a JSON object:
 * one that is a JSON object gets what it does not say itself; any other becomes its message. Blank lines are none.
 */
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Members, skipSpace } from '#codecs/json/members.ts'
import { isJsonObject } from '#codecs/json/validate.ts'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, CARRIAGE_RETURN, indexOfByte, NEWLINE } from '#std/bytes.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'
import { HeadedDecoder, type RecordShape } from './headed.ts'
import { SharedMembers } from './shared-members.ts'

/** What heads may say. */
const NAMES = ['ddsource', 'ddtags', 'hostname', 'service', 'host', 'source', 'sourcetype', 'index'] as const

export const describedLines: DecoderDefinition = {
  name: 'described_lines',
  format: textFormat,
  create: () => new HeadedDecoder(new DescribedLine()),
}

class DescribedLine implements RecordShape {
  readonly #shared = new SharedMembers(NAMES)
  readonly #own = new Members(NAMES)

  head(bytes: Bytes, from: number, to: number): void {
    this.#shared.read(bytes, from, to)
  }

  record(bytes: Bytes, at: number, to: number, out: JsonLinesWriter): number {
    const newline = indexOfByte(bytes, NEWLINE, at, to)
    const end = newline === -1 ? to : newline
    const next = newline === -1 ? to : newline + 1
    const from = skipSpace(bytes, at, end)
    if (from === end) return next
    out.raw('{')
    if (isJsonObject(bytes, from, end)) {
      const close = this.#own.read(bytes, from, end) - 1
      const isFirst = this.#shared.writeMissing(bytes, this.#own, out)
      if (this.#own.count > 0) {
        if (!isFirst) out.raw(',')
        out.rawBytes(bytes, from + 1, close)
      }
    } else {
      const isFirst = this.#shared.writeMissing(bytes, undefined, out)
      out.raw(isFirst ? '"message":' : ',"message":')
      out.string(bytes, at, bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end)
    }
    out.raw('}')
    out.endRecord()
    return next
  }
}
