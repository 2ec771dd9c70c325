/**
 * Walks over the records of an `Export…ServiceRequest`; logs, spans and metrics have the same numbers down to them:
 *
 *   Export…ServiceRequest { repeated Resource… = 1 }
 *   Resource… { Resource resource = 1, repeated Scope… = 2, string schema_url = 3 }
 *   Scope…    { InstrumentationScope scope = 1, repeated record = 2, string schema_url = 3 }
 *
 * Fields come in any order; those of other numbers are passed by.
 */
import { FieldReader } from '#codecs/protobuf/reader.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import { type Bytes, copyBytes } from '#std/bytes.ts'

const RESOURCE_FIELD = 1
const MEMBER_FIELD = 2
const HEAD_FIELDS = [1, 3] as const

export class RecordCursor {
  /** [from, to) of the record at hand, without its tag and length. */
  from = 0
  to = 0
  /** The messages around it. */
  readonly resource = new FieldReader()
  readonly scope = new FieldReader()
  /** Count up with each resource and each scope. */
  resources = 0
  scopes = 0
  /** The request breaks off here, or -1. */
  brokenAt = -1
  /** [from, to) of those messages. */
  resourceFrom = 0
  resourceTo = 0
  scopeFrom = 0
  scopeTo = 0
  readonly #request = new FieldReader()
  #bytes: Bytes | undefined
  /** 0: between resources, 1: between scopes, 2: between records. */
  #depth = 0

  begin(bytes: Bytes, from: number, to: number): void {
    this.#bytes = bytes
    this.#request.begin(bytes, from, to)
    this.#depth = 0
    this.brokenAt = -1
    this.resources = 0
    this.scopes = 0
  }

  /** Begins at `at`, which is where some record, scope or resource ends. */
  beginAt(bytes: Bytes, from: number, to: number, at: number): void {
    this.begin(bytes, from, to)
    const request = this.#request
    while (request.to < at && request.next()) {
      if (request.to <= at || !isMember(request, RESOURCE_FIELD)) continue
      this.#openResource()
      const { resource, scope } = this
      while (resource.to < at && resource.next()) {
        if (resource.to <= at || !isMember(resource, MEMBER_FIELD)) continue
        this.#openScope()
        while (scope.to < at && scope.next());
        return
      }
      return
    }
  }

  /** Goes to the next record. False: there is none, or the request is broken. */
  next(): boolean {
    const { resource, scope } = this
    for (;;) {
      if (this.#depth === 2) {
        while (scope.next()) {
          if (!isMember(scope, MEMBER_FIELD)) continue
          this.from = scope.from
          this.to = scope.to
          return true
        }
        if (scope.broken) return this.#break(scope)
        this.#depth = 1
      }
      if (this.#depth === 1) {
        if (resource.next()) {
          if (isMember(resource, MEMBER_FIELD)) this.#openScope()
          continue
        }
        if (resource.broken) return this.#break(resource)
        this.#depth = 0
      }
      if (!this.#request.next()) return this.#request.broken ? this.#break(this.#request) : false
      if (isMember(this.#request, RESOURCE_FIELD)) this.#openResource()
    }
  }

  #openResource(): void {
    const { from, to } = this.#request
    this.resource.begin(this.#bytes!, from, to)
    this.resourceFrom = from
    this.resourceTo = to
    this.resources++
    this.#depth = 1
  }

  #openScope(): void {
    const { from, to } = this.resource
    this.scope.begin(this.#bytes!, from, to)
    this.scopeFrom = from
    this.scopeTo = to
    this.scopes++
    this.#depth = 2
  }

  #break(reader: FieldReader): boolean {
    this.brokenAt = reader.start
    return false
  }
}

function isMember(reader: FieldReader, field: number): boolean {
  return reader.field === field && reader.type === WireType.bytes
}

const headReader = new FieldReader()

/**
 * Copies the fields 1 and 3 of the Resource… or Scope… in [from, to), with tags and lengths, to `target`, as far as it has
 * room. Returns how many bytes they are; of a message that is broken, those in front of the break.
 */
export function copyHead(bytes: Bytes, from: number, to: number, target: Bytes): number {
  headReader.begin(bytes, from, to)
  let write = 0
  while (headReader.next()) {
    const { field, start, to: end } = headReader
    if (field !== HEAD_FIELDS[0] && field !== HEAD_FIELDS[1]) continue
    if (write + end - start <= target.length) copyBytes(bytes, start, end, target, write)
    write += end - start
  }
  return write
}

/** How long the same is. */
export function headLength(bytes: Bytes, from: number, to: number): number {
  headReader.begin(bytes, from, to)
  let length = 0
  while (headReader.next()) {
    const { field, start, to: end } = headReader
    if (field === HEAD_FIELDS[0] || field === HEAD_FIELDS[1]) length += end - start
  }
  return length
}
