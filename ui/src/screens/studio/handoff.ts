/** Records on their way from another screen to the studio: taken once, when it opens. */
export interface Handoff {
  records: readonly string[]
  pipeline?: string | undefined
  /** A line whose like is to be dropped: the studio opens with that rule in the making. */
  dropLike?: string
  /** They are unredacted: the studio does not keep them. */
  isRaw?: boolean
}

let waiting: Handoff | undefined

export function handOver(handoff: Handoff): void {
  waiting = handoff
}

export function waitingHandoff(): Handoff | undefined {
  return waiting
}

export function handoffTaken(): void {
  waiting = undefined
}
