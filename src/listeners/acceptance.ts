/**
 * What a source that answers may say, and when.
 *
 * Entries go in all or not at all: when the first finds no room nothing is taken, and once it has been taken the rest
 * waits for room, whatever the sender does. A durable source answers when all of it is safe, but waits no longer than
 * it says. What is not safe by then keeps others out until it is known what became of it, or for a while: it would be
 * sent again, and arrive as often.
 */
import { z } from 'zod'
import type { Intake, IntakeEntry, Receipt, SourceContext } from '#component/source.ts'
import type { Timer } from '#std/clock.ts'

/** How long what is not safe in time may keep others out. */
const LATE_MS_MAX = 30_000

/** To be spread into the schema of a source that is `promising`. */
export const durableOptions = {
  durable_timeout_ms: z
    .number()
    .int()
    .min(1)
    .max(0x7fff_ffff)
    .default(10_000)
    .describe(
      'With durable: how long a request may wait until it is safe; then the answer is 503, and it may come twice.',
    ),
}

/** `[from, to)` of `body`, behind `head`: as `Intake.put` takes it. The memory is its owner's again when it was put. */
export interface Piece {
  entry: IntakeEntry
  head?: Uint8Array | null
  body: Uint8Array
  from: number
  to: number
}

/**
 * `taken`: say so. `no_room`: nothing was taken. `late`: nothing was taken, because what came before is not safe yet.
 * `unsafe`: it was taken and may be lost, or come twice when it is sent again. After all but `taken`, ask to be sent it
 * again.
 */
export type Accepted = 'taken' | 'no_room' | 'late' | 'unsafe'

/** One of each source. */
export class Acceptance {
  readonly #context: Pick<SourceContext, 'intake' | 'clock' | 'durable'>
  readonly #timeoutMs: number
  /** What was not safe in time, and is not yet. */
  #late = 0

  constructor(context: Pick<SourceContext, 'intake' | 'clock' | 'durable'>, durableTimeoutMs: number) {
    this.#context = context
    this.#timeoutMs = durableTimeoutMs
  }

  /** True: take nothing now. */
  get isLate(): boolean {
    return this.#late > 0
  }

  /** Puts the pieces one after the other, each made when its turn comes. Never rejects. All must be of `origin`. */
  async accept(origin: number, pieces: Iterable<Piece>): Promise<Accepted> {
    if (this.isLate) return 'late'
    const promise = this.follow(origin)
    if ((await putPieces(this.#context.intake, pieces)) === 'no_room') return 'no_room'
    return (await promise()) ? 'taken' : 'unsafe'
  }

  /** For who puts by itself: call before; what it gives, call afterwards, to wait until all of it is safe. */
  follow(origin: number): () => Promise<boolean> {
    if (!this.#context.durable) return TAKEN
    const receipt = this.#context.intake.follow(origin)
    return () => this.#isSafe(receipt)
  }

  /** Waits until what was taken is safe, but not for ever. */
  async #isSafe(receipt: Receipt): Promise<boolean> {
    const { clock } = this.#context
    let timer: Timer | undefined
    const safe = receipt.safe()
    const late = new Promise<'late'>((resolve) => {
      timer = clock.after(this.#timeoutMs, () => resolve('late'))
    })
    const end = await Promise.race([safe, late])
    timer?.cancel()
    if (end !== 'late') return end
    this.#late++
    const known = new Promise((resolve) => {
      timer = clock.after(LATE_MS_MAX, () => resolve(undefined))
    })
    void Promise.race([safe, known]).finally(() => {
      timer?.cancel()
      this.#late--
    })
    return false
  }
}

const TAKEN = async () => true

/** Puts the pieces one after the other, each made when its turn comes: all of them, or none. */
export async function putPieces(
  intake: Pick<Intake, 'put' | 'onRoom'>,
  pieces: Iterable<Piece>,
): Promise<'taken' | 'no_room'> {
  let begun = false
  for (const { entry, head, body, from, to } of pieces) {
    while (!intake.put(entry, head ?? null, body, from, to)) {
      if (!begun) return 'no_room'
      await roomIn(intake)
    }
    begun = true
  }
  return 'taken'
}

/** Resolves soon after there is room again. */
export function roomIn(intake: Pick<Intake, 'onRoom'>): Promise<void> {
  return new Promise((resolve) => {
    intake.onRoom(resolve)
  })
}
