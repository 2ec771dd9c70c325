/**
 * Log records and spans that came as OTLP and go out as OTLP: byte for byte, grouped by what they share; see
 * `group.ts`.
 */
import { GROUP_KEY_BYTES_MAX, groupHeaderBytes, writeGroupHeader } from '#codecs/grouped/grouped.ts'
import { FieldReader } from '#codecs/protobuf/reader.ts'
import { LENGTH_BYTES_MAX, varintBytes, WireType, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, concat, copyBytes, fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { HeadField, ResourceField } from './field-numbers.ts'
import { groupKey, MEMBER_FIELD_TAG, RESOURCE_FIELD_TAG } from './group.ts'
import { findByKey, findLast } from './values.ts'

/** Tags and lengths of three messages, and of the key's first part. */
const AROUND_BYTES_MAX = 3 * (1 + LENGTH_BYTES_MAX) + LENGTH_BYTES_MAX
const NOTHING = allocate(0)
const found = { from: 0, to: 0 }

export class OwnRecords {
  readonly #attributes: readonly { name: Bytes; field: Bytes }[]
  readonly #attributesBytes: number
  /** What was made of which head last. */
  #resourceFrom: Bytes = NOTHING
  #resource: Bytes = NOTHING
  #keyResource: Bytes = NOTHING
  #keyScope: Bytes = NOTHING
  #key: Bytes = NOTHING

  /** `attributes` go to each resource that has none of that name. */
  constructor(attributes: Readonly<Record<string, string>>) {
    this.#attributes = Object.entries(attributes).map(([name, value]) => ({
      name: fromText(name),
      field: bytesField(
        ResourceField.ATTRIBUTES,
        concat([bytesField(1, fromText(name)), bytesField(2, textValue(value))]),
      ),
    }))
    this.#attributesBytes = this.#attributes.reduce((sum, { field }) => sum + field.length, 2 * (1 + LENGTH_BYTES_MAX))
  }

  sizeMax({ shared, partOf, selection, count, selected, selectedBytes }: Block): number {
    const fixed = groupHeaderBytes(this.#attributesBytes) + AROUND_BYTES_MAX
    let size = selected * fixed + selectedBytes
    for (let i = 0; i < count; i++) {
      if (selection[i] === 1) size += shared[2 * partOf[i]!]!.length + shared[2 * partOf[i]! + 1]!.length
    }
    return size
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const { bytes, starts, ends: recordEnds, selection, count, shared, partOf } = block
    let write = at
    let e = firstEnd
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      const resource = this.#withAttributes(shared[2 * partOf[i]!]!)
      const scope = shared[2 * partOf[i]! + 1]!
      const key = this.#keyOf(resource, scope)
      const from = starts[i]!
      const to = recordEnds[i]!
      if (key.length <= GROUP_KEY_BYTES_MAX) write = writeGroupHeader(key, target, write)
      else write = openWhole(resource, scope, to - from, target, write)
      target[write++] = MEMBER_FIELD_TAG
      write = writeVarint(target, to - from, write)
      copyBytes(bytes, from, to, target, write)
      write += to - from
      ends[e++] = write - at
    }
    return write
  }

  #keyOf(resource: Bytes, scope: Bytes): Bytes {
    if (resource !== this.#keyResource || scope !== this.#keyScope) {
      this.#key = groupKey(resource, scope)
      this.#keyResource = resource
      this.#keyScope = scope
    }
    return this.#key
  }

  #withAttributes(head: Bytes): Bytes {
    if (this.#attributes.length === 0) return head
    if (head !== this.#resourceFrom) {
      this.#resource = this.#completed(head)
      this.#resourceFrom = head
    }
    return this.#resource
  }

  /** The attributes that are missing stand behind those that are there. */
  #completed(head: Bytes): Bytes {
    const hasResource = findLast(head, 0, head.length, HeadField.INNER, found)
    const { from, to } = hasResource ? { ...found } : { from: 0, to: 0 }
    const missing = this.#attributes
      .filter(({ name }) => !findByKey(head, from, to, ResourceField.ATTRIBUTES, name, found))
      .map(({ field }) => field)
    if (missing.length === 0) return head
    const resource = bytesField(HeadField.INNER, concat([head.subarray(from, to), ...missing]))
    return hasResource
      ? concat([head.subarray(0, startOf(head, from)), resource, head.subarray(to)])
      : concat([resource, head])
  }
}

const reader = new FieldReader()

/** Where the field begins whose value begins at `from`. */
function startOf(head: Bytes, from: number): number {
  reader.begin(head, 0, head.length)
  while (reader.next()) if (reader.from === from) return reader.start
  return from
}

/**
 * A key that is too long: the record is a whole field of the request. Writes what stands in front of the record's
 * field.
 */
function openWhole(resource: Bytes, scope: Bytes, record: number, target: Bytes, at: number): number {
  const inScope = scope.length + fieldBytes(record)
  let write = writeGroupHeader(NOTHING, target, at)
  target[write++] = RESOURCE_FIELD_TAG
  write = writeVarint(target, resource.length + fieldBytes(inScope), write)
  copyBytes(resource, 0, resource.length, target, write)
  write += resource.length
  target[write++] = MEMBER_FIELD_TAG
  write = writeVarint(target, inScope, write)
  copyBytes(scope, 0, scope.length, target, write)
  return write + scope.length
}

function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length
}

function textValue(text: string): Bytes {
  return bytesField(1, fromText(text))
}

function bytesField(number: number, content: Uint8Array): Bytes {
  const head = allocate(1 + varintBytes(content.length))
  head[0] = number * 8 + WireType.bytes
  writeVarint(head, content.length, 1)
  return concat([head, content])
}
