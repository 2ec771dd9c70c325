/** What turns the selected records of a block into the bytes that an output sends. Pure; it runs in engine threads. */
import type { Bytes } from '#std/bytes.ts'
import type { Block } from './block.ts'
import type { FormatName } from './format.ts'

export interface Encoder {
  readonly name: string
  /**
   * True if every record is written as it stands, followed by one `\n`: then a block that nothing changed needs no
   * copy at all.
   */
  readonly verbatim: boolean
  /** Formats that it reads beside `text`; records of others come to it as JSON. */
  readonly formats?: readonly FormatName[]
  /** An upper bound of what `encode` may write for this block. */
  sizeMax(block: Block): number
  /**
   * Writes each selected record to `target` from `at` on, with its separator behind it, and notes in `ends`, from index
   * `firstEnd` on, where each one ends (separator included), relative to `at`. Returns the position behind the last byte.
   * There is room for `sizeMax(block)` bytes.
   */
  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number
}

/** Makes encoders of one kind. `options` are plain data that the output's own schema has checked. */
export interface EncoderDefinition {
  readonly name: string
  create(options: Readonly<Record<string, unknown>>): Encoder
}

/** The only place that takes options for what the output's schema has made of them. */
export function defineEncoder<Options>(name: string, create: (options: Options) => Encoder): EncoderDefinition {
  return { name, create: (options) => create(options as Options) }
}
