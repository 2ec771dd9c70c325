/**
 * Cuts one stream of bytes into entries of complete lines, without looking at single lines.
 *
 *   chunk    … t a i l  o f  l a s t \n  A … \n  B … \n  C … \n  b e g i n n i n g   o f …
 *            └── with the tail that was held: one entry ──────┘  └── the new tail ───────┘
 *
 * Only the unfinished last line is copied and held. A chunk that cannot hold too long a line is searched once, for its
 * last newline; otherwise windows of the longest allowed line are searched, each for its last newline.
 *
 * A line is too long when it has more than `lineBytesMax` bytes before its `\n` (a `\r` there counts), or when all
 * unfinished lines together would take more than the shared budget. Under `cut` its pieces go on as records in entries
 * marked truncated, all of `lineBytesMax` bytes but the last; under `drop` it is counted and left out. How the stream
 * was split into chunks makes no difference to the records, unless the budget runs out.
 */
import type { Intake, IntakeEntry } from '#component/source.ts'
import type { ByteBudget } from '#listeners/byte-budget.ts'
import { assert } from '#std/assert.ts'
import { allocate, type Bytes, NEWLINE } from '#std/bytes.ts'

export const lineTooLongPolicies = ['cut', 'drop'] as const
export type LineTooLong = (typeof lineTooLongPolicies)[number]

/** What all streams of one source have in common. */
export interface LineLimits {
  /** At most `entryBytesMax` of the intake less 1. */
  lineBytesMax: number
  lineTooLong: LineTooLong
  /** Bounds the memory of all unfinished lines together. */
  budget: ByteBudget
  /** Called once for each line that was left out, with its length without the newline. */
  dropped(bytes: number): void
}

export class LineFraming {
  readonly #intake: Pick<Intake, 'put' | 'entryBytesMax'>
  readonly #limits: LineLimits
  readonly #lines: IntakeEntry
  readonly #piece: IntakeEntry
  readonly #lastPiece: IntakeEntry
  /** The unfinished line, in [0, #held) of `#tail`: no newline in it, never longer than `lineBytesMax`. */
  #tail: Bytes = NOTHING
  #held = 0
  /** The line that the stream is in has been found too long. */
  #long = false
  /** Bytes of that line that were left out. */
  #skipped = 0

  constructor(intake: Pick<Intake, 'put' | 'entryBytesMax'>, origin: number, limits: LineLimits) {
    assert(limits.lineBytesMax < intake.entryBytesMax, 'a line and its newline fit into an entry')
    this.#intake = intake
    this.#limits = limits
    this.#lines = { origin, framing: 'lines' }
    // A piece is no line yet: as a `record` it keeps a `\r` that happens to stand at the cut.
    this.#piece = { origin, framing: 'record', truncated: true }
    this.#lastPiece = { origin, framing: 'lines', truncated: true }
  }

  /** Bytes of the unfinished line that are held. */
  get held(): number {
    return this.#held
  }

  /**
   * Takes `chunk` from `from` on; what has to outlive the call is copied. Returns how far it got: `chunk.length`, or
   * less when the intake has no room. Then the rest is the caller's to keep, and to give again later.
   */
  take(chunk: Bytes, from = 0): number {
    let at = from
    while (at < chunk.length) {
      let next: number
      if (!this.#long) next = this.#takeLines(chunk, at)
      else if (this.#limits.lineTooLong === 'drop') next = this.#skip(chunk, at)
      else next = this.#cut(chunk, at)
      if (next === NO_ROOM) return at
      at = next
    }
    return at
  }

  /** The stream has ended: the unfinished line is complete now. False: no room yet, call again. */
  end(): boolean {
    if (this.#held > 0) {
      const entry = this.#long ? this.#lastPiece : this.#lines
      if (!this.#intake.put(entry, null, this.#tail, 0, this.#held)) return false
    }
    if (this.#skipped > 0) this.#limits.dropped(this.#skipped)
    this.#skipped = 0
    this.#long = false
    this.#release()
    this.#letGo()
    return true
  }

  /** Puts the longest run of whole lines; else holds the beginning of a line, or finds that it is too long. */
  #takeLines(chunk: Bytes, at: number): number {
    const end = this.#endOfLines(chunk, at)
    if (end > at) {
      if (!this.#intake.put(this.#lines, this.#head(), chunk, at, end)) return NO_ROOM
      this.#release()
      return end
    }
    if (this.#held + (chunk.length - at) <= this.#limits.lineBytesMax && this.#hold(chunk, at)) return chunk.length
    this.#long = true
    if (this.#limits.lineTooLong === 'drop') {
      this.#skipped = this.#held
      this.#release()
    }
    return at
  }

  /** Behind the last newline up to which all lines are short enough and fit into one entry; `at` when there is none. */
  #endOfLines(chunk: Bytes, at: number): number {
    const last = chunk.length - 1
    const entryEnd = at - this.#held + this.#intake.entryBytesMax - 1
    let lineStart = at - this.#held
    let end = at
    for (;;) {
      const windowEnd = Math.min(last, entryEnd, lineStart + this.#limits.lineBytesMax)
      if (windowEnd < end) return end
      const newline = lastNewline(chunk, end, windowEnd + 1)
      if (newline === -1) return end
      end = newline + 1
      if (windowEnd === last || windowEnd === entryEnd) return end
      lineStart = end
    }
  }

  /** Puts one piece of a line that is too long. */
  #cut(chunk: Bytes, at: number): number {
    const pieceEnd = at + this.#limits.lineBytesMax - this.#held
    const newline = firstNewline(chunk, at, pieceEnd + 1)
    if (newline === -1 && chunk.length <= pieceEnd && this.#hold(chunk, at)) return chunk.length
    const last = newline !== -1
    const end = last ? newline + 1 : Math.min(pieceEnd, chunk.length)
    // After a piece that the budget forced, nothing but the newline may be left.
    const nothingLeft = last && this.#held === 0 && newline === at
    if (!nothingLeft && !this.#intake.put(last ? this.#lastPiece : this.#piece, this.#head(), chunk, at, end))
      return NO_ROOM
    this.#long = !last
    // The next piece needs the same memory again.
    if (last) this.#release()
    else this.#held = 0
    return end
  }

  /** Leaves out what belongs to a line that is too long. */
  #skip(chunk: Bytes, at: number): number {
    const newline = chunk.indexOf(NEWLINE, at)
    if (newline === -1) {
      this.#skipped += chunk.length - at
      return chunk.length
    }
    this.#limits.dropped(this.#skipped + newline - at)
    this.#skipped = 0
    this.#long = false
    return newline + 1
  }

  #head(): Bytes | null {
    return this.#held === 0 ? null : this.#tail.subarray(0, this.#held)
  }

  /** Appends the rest of the chunk to the unfinished line. False: the budget does not allow it. */
  #hold(chunk: Bytes, at: number): boolean {
    const needed = this.#held + chunk.length - at
    const size = this.#tail.length
    if (needed > size) {
      const grown = Math.max(needed, Math.min(2 * size, this.#limits.lineBytesMax), TAIL_BYTES_MIN)
      if (!this.#limits.budget.take(grown - size)) return false
      const tail = allocate(grown)
      this.#tail.copy(tail, 0, 0, this.#held)
      this.#tail = tail
    }
    chunk.copy(this.#tail, this.#held, at)
    this.#held = needed
    return true
  }

  /** What was held has been handed over; only a small buffer is worth keeping for the next time. */
  #release(): void {
    this.#held = 0
    if (this.#tail.length > TAIL_BYTES_KEPT) this.#letGo()
  }

  #letGo(): void {
    this.#limits.budget.giveBack(this.#tail.length)
    this.#tail = NOTHING
  }
}

/** Position of the last newline in [from, to), or -1. The view keeps the search from running back beyond `from`. */
function lastNewline(chunk: Bytes, from: number, to: number): number {
  const at =
    from === 0 && to === chunk.length ? chunk.lastIndexOf(NEWLINE) : chunk.subarray(from, to).lastIndexOf(NEWLINE)
  return at === -1 ? -1 : from + at
}

function firstNewline(chunk: Bytes, from: number, to: number): number {
  const at = chunk.subarray(from, to).indexOf(NEWLINE)
  return at === -1 ? -1 : from + at
}

const NO_ROOM = -1
const NOTHING: Bytes = allocate(0)
const TAIL_BYTES_MIN = 512
const TAIL_BYTES_KEPT = 4 * 1024
