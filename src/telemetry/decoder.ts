/** What divides an intake entry into records. Pure; it runs in engine threads, and on the wire where records go past the rules. */
import type { Bytes } from '#std/bytes.ts'
import type { Block } from './block.ts'
import type { RecordFormat } from './format.ts'

/** One entry as its source put it: `head` and `body` one behind the other. */
export interface Encoded {
  readonly bytes: Bytes
  readonly from: number
  /** Without the newline that the intake adds behind entries that are not lines. */
  readonly to: number
}

export interface Decoded {
  /** Position at which the next call goes on; of no meaning when `done`. It is above the one before, or `done` is set. */
  end: number
  done: boolean
  /** What was no record: counted as rejected. */
  malformedRecords: number
  malformedBytes: number
}

export interface Decoder {
  /**
   * Adds the next records of `entry`, from position `at` on (`entry.from` at first), at most `recordsMax` and about
   * `BLOCK_BYTES_TARGET` bytes of them, to `block`. The block comes empty, filled with `entry.bytes`; a decoder that writes
   * records elsewhere calls `block.refill(memory, …)` with memory of its own, good until the next call. There is a newline
   * between and behind records, or `block.multiline` is set.
   * It reads nothing outside of the entry, and takes memory of its size times a small constant at most.
   */
  decode(entry: Encoded, at: number, block: Block, recordsMax: number): Decoded
  /** Records of the entry from `at` on, and their bytes as `decode` would count them, malformed ones included. */
  count(entry: Encoded, at: number): { records: number; bytes: number }
}

/** The size of block that decoders aim at. */
export const BLOCK_BYTES_TARGET = 64 * 1024

export interface DecoderDefinition {
  /** What an intake entry names as its `framing`. */
  readonly name: string
  /** What its records are. */
  readonly format: RecordFormat
  /**
   * Its entries are lines, ended by `\n`: the engine makes one block of several small ones, and the intake adds a newline only
   * where the last is missing.
   */
  readonly linewise?: true
  create(): Decoder
}
