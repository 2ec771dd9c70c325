/**
 * Cuts one stream of bytes into syslog messages (RFC 6587): counted frames, or lines ended by LF, CR LF or NUL.
 *
 * `auto` tells them apart for each frame: one to eight digits of which the first is not 0, a space, and `<` begin a
 * counted frame; anything else, such as a date, begins a line. Bytes that do not decide it yet are held. Lines go on
 * as they are, as many at once as stand together.
 */
import type { ByteBudget } from '#listeners/byte-budget.ts'
import type { StreamFraming } from '#listeners/stream-connection.ts'
import { allocate, type Bytes, NEWLINE } from '#std/bytes.ts'
import { LineFraming, type LineTooLong } from '../line-framing.ts'
import {
  behindLineEnds,
  CountedFrames,
  lengthAt,
  NOT_COUNTED,
  PREFIX_BYTES_MAX,
  prefixBytes,
  UNDECIDED,
} from './counted-frames.ts'
import type { SyslogEntries } from './entries.ts'

export const framings = ['auto', 'octet_counting', 'newline'] as const
export type Framing = (typeof framings)[number]

/** What all streams of one source have in common. */
export interface MessageLimits {
  framing: Framing
  /** Less than `SyslogEntries.entryBytesMax`. */
  messageBytesMax: number
  /** What becomes of longer lines; counted messages are left out. */
  tooLong: LineTooLong
  /** Bounds the memory of all unfinished messages together. */
  budget: ByteBudget
  /** Memory in which messages are gathered; of no meaning between calls. No larger than an entry. */
  gathered: Bytes
  /** Called once for each message that was left out. */
  dropped(bytes: number): void
  /** Called for what stands where a length should. */
  malformed(bytes: number): void
}

const NUL = 0
const ONE = 0x31
const NINE = 0x39

export class SyslogFraming implements StreamFraming {
  readonly #limits: MessageLimits
  readonly #counted: CountedFrames
  readonly #lines: LineFraming
  readonly #refuse: () => void
  /** Bytes that do not tell yet what they begin. */
  readonly #prefix: Bytes = allocate(PREFIX_BYTES_MAX)
  #prefixBytes = 0
  /** The stream is inside a line. */
  #inLine: boolean
  #afterCounted = false
  #isRefused = false
  /** Position of the next NUL in the chunk at hand, or -1. */
  #nul = -1

  /** `refuse` closes the stream: nobody can tell where a frame begins. */
  constructor(entries: SyslogEntries, limits: MessageLimits, refuse: () => void) {
    this.#limits = limits
    this.#refuse = refuse
    this.#counted = new CountedFrames(entries, limits)
    this.#lines = new LineFraming(entries, 0, {
      lineBytesMax: limits.messageBytesMax,
      lineTooLong: limits.tooLong,
      budget: limits.budget,
      dropped: limits.dropped,
    })
    this.#inLine = limits.framing === 'newline'
  }

  take(chunk: Bytes): number {
    let at = 0
    this.#nul = chunk.indexOf(NUL)
    while (at < chunk.length && !this.#isRefused) {
      if (this.#inLine) {
        const end = this.#linesEnd(chunk, at)
        at += this.#lines.take(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end))
        if (at < end) return at
        this.#inLine = this.#limits.framing === 'newline' || chunk[end - 1] !== NEWLINE
      } else if (this.#counted.isInside) {
        at = this.#counted.take(chunk, at)
        if (this.#counted.isFull) return at
        this.#afterCounted = true
      } else {
        const next = this.#beginFrame(chunk, at)
        if (next === NO_ROOM) return at
        at = next
      }
    }
    return this.#isRefused ? chunk.length : at
  }

  end(): boolean {
    if (!this.#counted.end()) return false
    if (this.#prefixBytes > 0 && !this.#isRefused) {
      if (this.#lines.take(this.#prefix.subarray(0, this.#prefixBytes)) < this.#prefixBytes) return false
      this.#prefixBytes = 0
    }
    return this.#lines.end()
  }

  /** Finds out what begins at `at`, or with the bytes that are held. Returns the position behind what it took. */
  #beginFrame(chunk: Bytes, from: number): number {
    const held = this.#prefixBytes
    const at = this.#afterCounted && held === 0 ? behindLineEnds(chunk, from) : from
    const needsPriority = this.#limits.framing === 'auto'
    const added = chunk.copy(this.#prefix, held, at, Math.min(chunk.length, at + PREFIX_BYTES_MAX - held))
    if (held + added === 0) return at
    const length = lengthAt(this.#prefix, 0, held + added, needsPriority)
    if (length === UNDECIDED) {
      this.#prefixBytes += added
      return at + added
    }
    if (length === NOT_COUNTED) return this.#notCounted(chunk, at)
    this.#prefixBytes = 0
    if (held === 0) {
      const next = this.#counted.take(chunk, at)
      this.#afterCounted ||= next > at
      return this.#counted.isFull && next === at ? NO_ROOM : next
    }
    this.#counted.begin(length)
    return at + prefixBytes(length) - held
  }

  #notCounted(chunk: Bytes, at: number): number {
    const held = this.#prefixBytes
    if (this.#limits.framing === 'octet_counting') {
      this.#limits.malformed(held + chunk.length - at)
      this.#isRefused = true
      this.#prefixBytes = 0
      this.#refuse()
      return chunk.length
    }
    if (held > 0 && this.#lines.take(this.#prefix.subarray(0, held)) < held) return NO_ROOM
    this.#prefixBytes = 0
    this.#afterCounted = false
    this.#inLine = true
    return at
  }

  /** Behind the last line, from `at` on, that no counted frame stands before; or the end of the chunk. */
  #linesEnd(chunk: Bytes, at: number): number {
    const isAuto = this.#limits.framing === 'auto'
    if (this.#nul !== -1 && this.#nul < at) this.#nul = chunk.indexOf(NUL, at)
    if (this.#nul !== -1) return endNuls(chunk, at, isAuto)
    if (!isAuto) return chunk.length
    for (let newline = chunk.indexOf(NEWLINE, at); newline !== -1; newline = chunk.indexOf(NEWLINE, newline + 1)) {
      if (mayBeCounted(chunk, newline + 1)) return newline + 1
    }
    return chunk.length
  }
}

const NO_ROOM = -1

/** Whether a counted frame may begin at `at`; otherwise a line does, or nothing. */
function mayBeCounted(chunk: Bytes, at: number): boolean {
  const first = chunk[at]
  if (first === undefined || first < ONE || first > NINE) return false
  return lengthAt(chunk, at, chunk.length, true) !== NOT_COUNTED
}

/** The same end of lines where NULs end some of them: those become newlines. */
function endNuls(chunk: Bytes, from: number, isAuto: boolean): number {
  for (let at = from; at < chunk.length; at++) {
    if (chunk[at] === NUL) chunk[at] = NEWLINE
    if (chunk[at] === NEWLINE && isAuto && mayBeCounted(chunk, at + 1)) return at + 1
  }
  return chunk.length
}
