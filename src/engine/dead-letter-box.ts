/** Where records go that an output will never take. */
import type { Batch } from '#component/output.ts'

export interface DeadLetterBox {
  /** Keeps record `i` of a batch with the reason. Copies; never throws; bounded: it may give up the oldest. */
  add(batch: Batch, i: number, code: string, message: string): void
}

/** Where there is no place to keep them. */
export const noDeadLetters: DeadLetterBox = { add: () => undefined }
