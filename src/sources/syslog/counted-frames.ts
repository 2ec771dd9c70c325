/**
 * Messages with their length in front (RFC 6587, section 3.4.1):
 *
 *   SYSLOG-FRAME = MSG-LEN SP SYSLOG-MSG        MSG-LEN = NONZERO-DIGIT *DIGIT, in bytes
 *
 * Messages without a newline are gathered, each ended by one, so that a read makes one entry; one that holds newlines
 * is an entry of its own. Of a message that is too long exactly its bytes are left out. A line end that ends a message
 * is not part of it.
 */
import { allocate, type Bytes, CARRIAGE_RETURN, NEWLINE } from '#std/bytes.ts'
import type { SyslogEntries } from './entries.ts'
import type { MessageLimits } from './framing.ts'

/** What `lengthAt` says beside a length. */
export const UNDECIDED = -1
export const NOT_COUNTED = -2
/** Digits of a length. What a longer one would count is no message. */
const DIGITS_MAX = 8
/** So many bytes always decide. */
export const PREFIX_BYTES_MAX = DIGITS_MAX + 2

const NUL = 0
const SPACE = 0x20
const LESS = 0x3c
const LINES = { framing: 'lines' } as const
const RECORD = { framing: 'record' } as const
const TRUNCATED = { framing: 'record', truncated: true } as const
const NOTHING: Bytes = allocate(0)
const HELD_BYTES_MIN = 512
const HELD_BYTES_KEPT = 4 * 1024

export class CountedFrames {
  /** The intake had no room in the last call. */
  isFull = false
  readonly #entries: SyslogEntries
  readonly #limits: MessageLimits
  /** What has come of the message that the stream is in: [0, #held) of `#memory`. */
  #memory: Bytes = NOTHING
  #held = 0
  /** Its length; 0 when the stream is between messages. */
  #length = 0
  /** Bytes of a message that are still to be left out. */
  #skipping = 0
  /** What is gathered, and where in the chunk the first of it began. */
  #used = 0
  #first = 0

  constructor(entries: SyslogEntries, limits: MessageLimits) {
    this.#entries = entries
    this.#limits = limits
  }

  /** The stream is inside a message. */
  get isInside(): boolean {
    return this.#length > 0 || this.#skipping > 0
  }

  /** A message of this length begins with the next byte of the stream. */
  begin(length: number): void {
    if (length <= this.#limits.messageBytesMax) this.#length = length
    else this.#leaveOut(length, 0)
  }

  /**
   * Takes frames of `chunk` from `from` on, where one begins unless the stream is inside. Returns where it stopped: at
   * the end, at what is no frame or not to be told from one yet, or at the first frame for which there was no room
   * (`isFull`).
   */
  take(chunk: Bytes, from: number): number {
    this.isFull = false
    let at = this.isInside ? this.#goOn(chunk, from) : from
    this.#first = at
    while (!this.isFull && !this.isInside && at < chunk.length) {
      const start = behindLineEnds(chunk, at)
      const length = lengthAt(chunk, start, chunk.length, this.#limits.framing === 'auto')
      if (length < 0) {
        at = start
        break
      }
      at = this.#takeFrame(chunk, start, start + prefixBytes(length), length)
    }
    return this.isFull || this.#flush() ? at : this.#first
  }

  /** What has come of an unfinished message counts. False: no room yet. */
  end(): boolean {
    if (this.#held > 0 && !this.#entries.put(TRUNCATED, null, this.#memory, 0, this.#held)) return false
    this.#length = 0
    this.#skipping = 0
    this.#held = 0
    this.#letGo()
    return true
  }

  /** Takes what belongs to the message that the stream is in. */
  #goOn(chunk: Bytes, from: number): number {
    if (this.#skipping > 0) {
      const skipped = Math.min(this.#skipping, chunk.length - from)
      this.#skipping -= skipped
      return from + skipped
    }
    const to = Math.min(chunk.length, from + this.#length - this.#held)
    if (!this.#hold(chunk, from, to)) {
      this.#leaveOut(this.#length, this.#held + to - from)
      this.#length = 0
      this.#held = 0
      this.#letGo()
      return to
    }
    if (this.#held + to - from < this.#length) {
      this.#held += to - from
      return to
    }
    const memory = this.#memory
    const end = messageEnd(memory, 0, this.#length)
    const newline = memory.subarray(0, end).indexOf(NEWLINE)
    if (!this.#entries.put(newline === -1 ? LINES : RECORD, null, memory, 0, end)) {
      this.isFull = true
      return from
    }
    this.#length = 0
    this.#held = 0
    if (memory.length > HELD_BYTES_KEPT) this.#letGo()
    return to
  }

  /**
   * The frame at `start`, whose message of `length` bytes begins at `body`. Returns the position behind what was taken.
   */
  #takeFrame(chunk: Bytes, start: number, body: number, length: number): number {
    const to = body + length
    const { messageBytesMax, gathered } = this.#limits
    if (length > messageBytesMax || to > chunk.length) {
      if (!this.#flush()) return this.#first
      this.begin(length)
      return body < chunk.length ? this.#goOn(chunk, body) : body
    }
    const isLarge = length + 1 > gathered.length
    if (this.#used + length + 1 > gathered.length && !this.#flush()) return this.#first
    if (this.#used === 0) this.#first = start
    if (!isLarge && this.#gather(chunk, body, to)) return to
    if (!this.#flush()) return this.#first
    this.#first = start
    const end = messageEnd(chunk, body, to)
    const isLine = isLarge && chunk.subarray(body, end).indexOf(NEWLINE) === -1
    if (this.#entries.put(isLine ? LINES : RECORD, null, chunk, body, end)) return to
    this.isFull = true
    return start
  }

  /** False: the message holds newlines. */
  #gather(chunk: Bytes, from: number, to: number): boolean {
    const { gathered } = this.#limits
    const start = this.#used
    chunk.copy(gathered, start, from, to)
    const end = messageEnd(gathered, start, start + to - from)
    // The line's end, and at the same time what stops the search.
    gathered[end] = NEWLINE
    if (gathered.indexOf(NEWLINE, start) !== end) return false
    this.#used = end + 1
    return true
  }

  #flush(): boolean {
    if (this.#used > 0 && !this.#entries.put(LINES, null, this.#limits.gathered, 0, this.#used)) {
      this.isFull = true
      this.#used = 0
      return false
    }
    this.#used = 0
    return true
  }

  /** `come`: how many of its bytes have been taken already. */
  #leaveOut(length: number, come: number): void {
    this.#limits.dropped(length)
    this.#skipping = length - come
  }

  /** Copies [from, to) behind what is held. False: the budget does not allow it. */
  #hold(chunk: Bytes, from: number, to: number): boolean {
    const needed = this.#held + to - from
    const size = this.#memory.length
    if (needed > size) {
      const grown = Math.max(needed, Math.min(2 * size, this.#length), HELD_BYTES_MIN)
      if (!this.#limits.budget.take(grown - size)) return false
      const memory = allocate(grown)
      this.#memory.copy(memory, 0, 0, this.#held)
      this.#memory = memory
    }
    chunk.copy(this.#memory, this.#held, from, to)
    return true
  }

  #letGo(): void {
    this.#limits.budget.giveBack(this.#memory.length)
    this.#memory = NOTHING
  }
}

/**
 * The length that stands at `from` in front of a message. `needsPriority`: only if a `<` follows, so that a line which
 * begins with a number is none. `UNDECIDED`: it takes more bytes to tell.
 */
export function lengthAt(bytes: Bytes, from: number, to: number, needsPriority: boolean): number {
  let at = from
  let length = 0
  for (; at < to && at - from < DIGITS_MAX; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) break
    length = 10 * length + digit
    if (length === 0) return NOT_COUNTED
  }
  if (at === to) return UNDECIDED
  if (at === from || bytes[at] !== SPACE) return NOT_COUNTED
  if (!needsPriority) return length
  if (at + 1 === to) return UNDECIDED
  return bytes[at + 1] === LESS ? length : NOT_COUNTED
}

/** Digits of a length, and the space. */
export function prefixBytes(length: number): number {
  let bytes = 2
  for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) bytes++
  return bytes
}

/** Behind line ends that nobody counted. */
export function behindLineEnds(bytes: Bytes, from: number): number {
  let at = from
  while (at < bytes.length && (bytes[at] === NEWLINE || bytes[at] === CARRIAGE_RETURN || bytes[at] === NUL)) at++
  return at
}

/** Where the message ends if a line end that was counted is none of it. */
function messageEnd(bytes: Bytes, from: number, to: number): number {
  if (to === from || bytes[to - 1] !== NEWLINE) return to
  return to - 1 > from && bytes[to - 2] === CARRIAGE_RETURN ? to - 2 : to - 1
}
