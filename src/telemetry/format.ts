/**
 * How the bytes of records are understood. A block's records all have one format; rules work through it, so that the same
 * rule does the same on text, on a JSON object, on a syslog message and on a log record of OpenTelemetry.
 *
 * Records stay as they came for as long as no rule edits them. A format finds one field without decoding the rest, gives all
 * text of a record to who searches text, and takes edits of that text back into the record.
 */
import type { Block } from './block.ts'
import type { Signal } from './signal.ts'
import type { Strings } from './strings.ts'

export const formatNames = ['text', 'syslog', 'otlp_log', 'otlp_span', 'metric'] as const
export type FormatName = (typeof formatNames)[number]

export interface RecordFormat {
  readonly name: FormatName
  readonly signal: Signal
  /** A record is its own text: searches and edits work on its bytes. Otherwise they go through `strings` and `replace`. */
  readonly isText: boolean
  /**
   * What a field holds stands in the record's own bytes as it is, but for the escapes of JSON: a record without the bytes of a
   * word has no field with that word in it. So whole blocks can be searched for candidates.
   */
  readonly isLiteral: boolean
  /** Finds the field with this name; see `pathsOf` for what names mean. Made once for each rule. */
  lookup(name: string): Lookup
  /** Adds every text that a record holds which `into` wants, and every text that records share. Never called where `isText`. */
  strings(block: Block, into: Strings): void
  /** Puts the texts of `strings` that were edited back into records and shared parts. Never called where `isText`. */
  replace(block: Block, strings: Strings): void
  /**
   * Notes the edit that adds a number under a name to record `i`, if the format has a place for it; the caller commits. A
   * name that is there already is left alone. For marks such as `sample_rate`.
   */
  annotate(block: Block, i: number, name: string, value: number): void
  /**
   * Fills `into` with the selected records, each as one JSON object on one line, as `codecs/event` reads it. For encoders that
   * do not know the format. Never called where the format is `text`.
   */
  toJson(block: Block, into: Block): void
}

export type FieldKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array' | 'text'

/**
 * [from, to) of `text`, which has one character per byte of UTF-8: the block's own text, or one made for the purpose.
 * `string`: escaped as in JSON. `text`: as it is, a backslash is a backslash.
 */
export interface FieldValue {
  kind: FieldKind
  text: string
  from: number
  to: number
}

export interface Lookup {
  /** The field of record `i`; undefined when it has none. Objects and arrays are no values. */
  find(block: Block, i: number): FieldValue | undefined
}
