/**
 * `datadog_logs`: entries of Datadog's logs intake (`POST /api/v2/logs`) as flat JSON records.
 *
 *   {"ddsource":"nginx"}\n [ {"message":"GET /","status":"warn","date":1700000000000} , … ]
 *   -> {"ddsource":"nginx","message":"GET /","level":"warn","timestamp":1700000000000}
 *
 * Records keep their members as they stand. `status`, where it is text, is the level and gets that name, and `date` is
 * the timestamp, unless the record has one of that name; the head fills in what a record does not say.
 */
import { HeadedDecoder, Newlines, nextObject, type RecordShape } from '#codecs/headed/headed.ts'
import { SharedMembers } from '#codecs/headed/shared-members.ts'
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Members } from '#codecs/json/members.ts'
import { textFormat } from '#codecs/text/format.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

/** What a request may say of all its records. */
export const DATADOG_SHARED = ['ddsource', 'ddtags', 'hostname', 'service'] as const

const NAMES = [...DATADOG_SHARED, 'status', 'level', 'date', 'timestamp'] as const
const STATUS = NAMES.indexOf('status')
const LEVEL = NAMES.indexOf('level')
const DATE = NAMES.indexOf('date')
const TIMESTAMP = NAMES.indexOf('timestamp')
const QUOTE = 0x22

export const datadogLogs: DecoderDefinition = {
  name: 'datadog_logs',
  format: textFormat,
  create: () => new HeadedDecoder(new DatadogLog()),
}

class DatadogLog implements RecordShape {
  readonly #shared = new SharedMembers(DATADOG_SHARED)
  readonly #own = new Members(NAMES)
  readonly #newlines = new Newlines()

  head(bytes: Bytes, from: number, to: number): void {
    this.#shared.read(bytes, from, to)
    this.#newlines.begin()
  }

  record(bytes: Bytes, at: number, to: number, out: JsonLinesWriter, block: Block): number {
    const from = nextObject(bytes, at, to)
    if (from === to) return to
    const own = this.#own
    const end = own.read(bytes, from, to)
    if (end === -1) return -1
    block.multiline ||= this.#newlines.within(bytes, from, end)
    const level = own.has(STATUS) && !own.has(LEVEL) && bytes[own.from[STATUS]!] === QUOTE
    const timestamp = own.has(DATE) && !own.has(TIMESTAMP)
    if (!level && !timestamp && !this.#shared.isMissing(own)) {
      out.rawBytes(bytes, from, end)
    } else {
      out.raw('{')
      const isFirst = this.#shared.writeMissing(bytes, own, out)
      if (!isFirst && own.count > 0) out.raw(',')
      this.#writeRenamed(bytes, from + 1, end, level, timestamp, out)
    }
    out.endRecord()
    return end
  }

  /** Copies [from, to) with other names for one key or two. */
  #writeRenamed(
    bytes: Bytes,
    from: number,
    to: number,
    level: boolean,
    timestamp: boolean,
    out: JsonLinesWriter,
  ): void {
    const { keyFrom, keyTo } = this.#own
    const statusFirst = level && (!timestamp || keyFrom[STATUS]! < keyFrom[DATE]!)
    let at = from
    for (let turn = 0; turn < 2; turn++) {
      const isStatus = statusFirst === (turn === 0)
      if (isStatus ? !level : !timestamp) continue
      const name = isStatus ? STATUS : DATE
      out.rawBytes(bytes, at, keyFrom[name]!)
      out.raw(isStatus ? '"level"' : '"timestamp"')
      at = keyTo[name]!
    }
    out.rawBytes(bytes, at, to)
  }
}
