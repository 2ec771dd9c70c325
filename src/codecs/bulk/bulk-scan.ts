/**
 * Looks through a bulk request: an action on a line, and for most actions a document on the next.
 *
 * What is refused by itself (`update` and `delete`, a document that is no JSON object) is overwritten with blanks, so
 * that the rest can be handed on as it stands.
 */
import { Pieces, type Scan } from '#codecs/headed/pieces.ts'
import { isJsonObject } from '#codecs/json/validate.ts'
import { type Bytes, indexOfByte, NEWLINE, utf8 } from '#std/bytes.ts'

const actions = ['create', 'index', 'update', 'delete'] as const
export type BulkAction = (typeof actions)[number]

/** What becomes of one action; `ok` is told to have been created. */
export type BulkFate = 'ok' | 'no_update' | 'no_document' | 'too_large'

export interface BulkItem {
  action: BulkAction
  /** As the action names them. */
  index: string | undefined
  id: string | undefined
  fate: BulkFate
}

/** Longer ones are no actions. */
const ACTION_BYTES_MAX = 64 * 1024
const SPACE = 0x20
const TAB = 0x09
const RETURN = 0x0d

export class BulkScan implements Scan {
  at = 0
  readonly pieces: Pieces
  readonly items: BulkItem[] = []
  /** Why the request as a whole is refused; then nothing of it is taken. */
  fault: string | undefined
  readonly #bytes: Bytes
  readonly #itemsMax: number
  #line = 0

  /** The bytes are overwritten where something is refused. */
  constructor(bytes: Bytes, pieceBytesMax: number, itemsMax: number) {
    this.#bytes = bytes
    this.#itemsMax = itemsMax
    this.pieces = new Pieces(pieceBytesMax)
    if (bytes.length === 0) this.fault = 'request body is required'
    else if (bytes[bytes.length - 1] !== NEWLINE) {
      this.fault = 'The bulk request must be terminated by a newline [\\n]'
    }
  }

  /** More actions than one request may have. */
  get isTooLong(): boolean {
    return this.items.length > this.#itemsMax
  }

  next(): boolean {
    const bytes = this.#bytes
    if (this.fault !== undefined || this.isTooLong || this.at >= bytes.length) return false
    const from = this.at
    const actionEnd = this.#lineEnd(from)
    if (isBlank(bytes, from, actionEnd)) {
      this.at = actionEnd + 1
      return true
    }
    const item = itemOf(bytes, from, actionEnd)
    if (item === undefined) {
      const meant = 'expected one action of create, index, update and delete with an object'
      this.fault = `Malformed action/metadata line [${this.#line}], ${meant}`
      return false
    }
    let end = actionEnd
    if (item.action !== 'delete') {
      if (actionEnd + 1 >= bytes.length) {
        this.fault = `Malformed action/metadata line [${this.#line}], its document is missing`
        return false
      }
      end = this.#lineEnd(actionEnd + 1)
    }
    if (item.action === 'update' || item.action === 'delete') item.fate = 'no_update'
    else if (!isJsonObject(bytes, actionEnd + 1, end)) item.fate = 'no_document'
    else if (!this.pieces.add(from, end + 1)) item.fate = 'too_large'
    if (item.fate !== 'ok') bytes.fill(SPACE, from, end)
    this.items.push(item)
    this.at = end + 1
    return true
  }

  #lineEnd(from: number): number {
    this.#line++
    return indexOfByte(this.#bytes, NEWLINE, from, this.#bytes.length)
  }
}

function itemOf(bytes: Bytes, from: number, to: number): BulkItem | undefined {
  if (to - from > ACTION_BYTES_MAX) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8(bytes, from, to))
  } catch {
    return undefined
  }
  if (!isObject(parsed)) return undefined
  const [action, ...others] = Object.keys(parsed)
  const known = actions.find((each) => each === action)
  const about = parsed[action ?? '']
  if (known === undefined || others.length > 0 || !isObject(about)) return undefined
  return { action: known, index: textOf(about['_index']), id: textOf(about['_id']), fate: 'ok' }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function isBlank(bytes: Bytes, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte !== SPACE && byte !== TAB && byte !== RETURN) return false
  }
  return true
}
