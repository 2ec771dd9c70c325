/**
 * `loki_push` and `loki_push_json`: entries of push requests to Loki, each a record in JSON.
 *
 *   entry:  u16 length, tenant in UTF-8 | a push request, which need not be closed if it is JSON
 *
 * A record has the line as `message`, its `timestamp`, the labels of its stream and its metadata as fields, and the
 * tenant as `loki_tenant`. A label that has the name of one of the first two becomes `label_…`; metadata that has a
 * name that is taken, `metadata_…`.
 */
import { Rfc3339Writer } from '#codecs/event/rfc3339.ts'
import { countDecoded } from '#codecs/framing/count.ts'
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { textFormat } from '#codecs/text/format.ts'
import { allocate, type Bytes, indexOfByte, isUtf8, latin1, NEWLINE, utf8, utf8Length, writeUtf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import { JsonPush } from './json.ts'
import { LabelFields, labelsOfJson, parseLabelSet } from './labels.ts'
import { ProtobufPush } from './protobuf.ts'
import type { PushText, PushWalker } from './push.ts'

export const lokiPush: DecoderDefinition = {
  name: 'loki_push',
  format: textFormat,
  create: () => new LokiPushDecoder(new ProtobufPush(), 'plain'),
}

export const lokiPushJson: DecoderDefinition = {
  name: 'loki_push_json',
  format: textFormat,
  create: () => new LokiPushDecoder(new JsonPush(), 'json'),
}

/** Longer ones are none. */
export const TENANT_BYTES_MAX = 1024
/** Sets of labels that are kept read. */
const LABEL_SETS_MAX = 1024
const NOTHING = new LabelFields([])

/** What stands before a request in an entry. `tenant` has at most `TENANT_BYTES_MAX` bytes. */
export function pushHead(tenant: string): Bytes {
  const head = allocate(2 + utf8Length(tenant))
  head.writeUInt16BE(head.length - 2, 0)
  writeUtf8(head.subarray(2), tenant, 0)
  return head
}

/** The fields of a set of labels as they stand in a request; undefined when it is none. */
export function readLabels(text: string, kind: PushText): LabelFields | undefined {
  if (text === '') return NOTHING
  const labels = kind === 'plain' ? parseLabelSet(text) : labelsOfJson(text)
  return labels === undefined ? undefined : new LabelFields(labels)
}

class LokiPushDecoder implements Decoder {
  readonly #push: PushWalker
  readonly #text: PushText
  readonly #writer = new JsonLinesWriter()
  readonly #times = new Rfc3339Writer()
  readonly #labelSets = new Map<string, LabelFields | undefined>()
  readonly #seen = new Set<string>()
  #tenantMember = ''
  #requestAt = -1
  #bytes: Bytes = allocate(0)

  constructor(push: PushWalker, text: PushText) {
    this.#push = push
    this.#text = text
  }

  decode({ bytes, from, to }: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    const push = this.#push
    const writer = this.#writer
    writer.begin(block, block.context)
    this.#bytes = bytes
    let position = Math.max(at, this.#readHead(bytes, from, to))
    const decoded: Decoded = { end: to, done: true, malformedRecords: 0, malformedBytes: 0 }
    const start = this.#requestAt
    if (start === -1 || !push.begin(bytes, start, to)) return rest(decoded, from, to)
    while (push.nextStream(position)) {
      const labels = this.#labels()
      while (push.nextEntry(position)) {
        position = push.entryEnd
        if (labels === undefined || !this.#record(labels)) {
          writer.discard()
          decoded.malformedRecords++
          decoded.malformedBytes += push.entryEnd - push.entryFrom
        }
        if (position < to && (block.count >= recordsMax || writer.length >= BLOCK_BYTES_TARGET)) {
          decoded.end = position
          decoded.done = false
          return decoded
        }
      }
      if (push.broken) break
    }
    return push.broken ? rest(decoded, position, to) : decoded
  }

  count(entry: Encoded, at: number): { records: number; bytes: number } {
    return countDecoded(this, entry, at)
  }

  /** Position of the request. */
  #readHead(bytes: Bytes, from: number, to: number): number {
    this.#requestAt = -1
    if (from + 2 > to) return from
    const request = from + 2 + bytes.readUInt16BE(from)
    if (request > to) return from
    this.#requestAt = request
    this.#tenantMember = request === from + 2 ? '' : `,"loki_tenant":${asciiJson(utf8(bytes, from + 2, request))}`
    return request
  }

  #labels(): LabelFields | undefined {
    const { labelsFrom, labelsTo } = this.#push
    const key = latin1(this.#bytes, labelsFrom, labelsTo)
    if (this.#labelSets.has(key)) return this.#labelSets.get(key)
    if (this.#labelSets.size >= LABEL_SETS_MAX) this.#labelSets.clear()
    const labels = tried(() => readLabels(utf8(this.#bytes, labelsFrom, labelsTo), this.#text))
    this.#labelSets.set(key, labels)
    return labels
  }

  /** False: the metadata of the entry cannot be read. */
  #record(labels: LabelFields): boolean {
    const push = this.#push
    const writer = this.#writer
    writer.raw('{"message":')
    this.#string(push.lineFrom, push.lineTo)
    const time = this.#times.write(push.seconds, push.nanos)
    if (time !== undefined) writer.raw(`,"timestamp":"${time}"`)
    writer.rawBytes(labels.members, 0, labels.members.length)
    this.#seen.clear()
    while (push.nextMetadata()) {
      const field = labels.metadataField(this.#textOf(push.nameFrom, push.nameTo))
      if (this.#seen.has(field)) continue
      this.#seen.add(field)
      writer.raw(',')
      writer.text(field)
      writer.raw(':')
      this.#string(push.valueFrom, push.valueTo)
    }
    if (push.broken) {
      push.broken = false
      return false
    }
    if (this.#tenantMember !== '' && !labels.names.has('loki_tenant') && !this.#seen.has('loki_tenant')) {
      writer.raw(this.#tenantMember)
    }
    writer.raw('}')
    writer.endRecord()
    return true
  }

  #string(from: number, to: number): void {
    if (this.#text === 'plain') this.#writer.string(this.#bytes, from, to)
    else if (isUtf8(this.#bytes, from, to) && indexOfByte(this.#bytes, NEWLINE, from, to) === -1) {
      this.#writer.rawBytes(this.#bytes, from, to)
    } else this.#writer.text(this.#textOf(from, to))
  }

  #textOf(from: number, to: number): string {
    const text = utf8(this.#bytes, from, to)
    return this.#text === 'plain' ? text : (tried(() => JSON.parse(text) as string) ?? text)
  }
}

function rest(decoded: Decoded, from: number, to: number): Decoded {
  decoded.malformedRecords++
  decoded.malformedBytes += to - from
  return decoded
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** As a JSON string in ASCII. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
