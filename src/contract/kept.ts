/** What a node's admin port tells of dead letters and of what rules dropped, and what it is asked to do with them. */
import { z } from 'zod'

export const LISTED_MAX = 1000

const summary = { records: z.number(), bytes: z.number(), oldest: z.number(), newest: z.number() }

/** `GET /dead-letters/summary` */
export const deadLetterSummary = z.array(z.object({ output: z.string(), code: z.string(), ...summary }))

/** Text where it is UTF-8, base64 where it is not. */
const content = { text: z.string().optional(), base64: z.string().optional() }

/** One of `GET /dead-letters?output=&code=&after=&limit=`, oldest first; with its content where one is asked for by `id`. */
export const deadLetter = z.object({
  id: z.number(),
  output: z.string(),
  kind: z.string(),
  at: z.number(),
  code: z.string(),
  message: z.string(),
  bytes: z.number(),
  ...content,
})
export type ListedDeadLetter = z.infer<typeof deadLetter>

/** Body of `POST /dead-letters/replay` and `/dead-letters/drop`: all that is given must hold; `all` where nothing is. */
export const deadLetterSelection = z.strictObject({
  output: z.string().optional(),
  code: z.string().optional(),
  ids: z.array(z.int().min(0)).max(100_000).optional(),
  all: z.literal(true).optional(),
})
export type DeadLetterSelection = z.infer<typeof deadLetterSelection>

/** `GET /dropped/summary` */
export const droppedSummary = z.array(z.object({ pipeline: z.string(), rule: z.string(), ...summary }))

/** One of `GET /dropped?pipeline=&rule=&limit=`, newest first. */
export const droppedRecord = z.object({ pipeline: z.string(), rule: z.string(), at: z.number(), ...content })
export type ListedDroppedRecord = z.infer<typeof droppedRecord>

/** Body of `POST /dropped/replay`. `since`: Unix milliseconds. */
export const droppedSelection = z.strictObject({
  pipeline: z.string().optional(),
  rule: z.string().min(1),
  since: z.number().optional(),
})
export type DroppedSelection = z.infer<typeof droppedSelection>

/** `skipped`: how many were left where they are, and why, where there is one reason. */
export const replayed = z.object({ replayed: z.number(), skipped: z.number(), reason: z.string().optional() })
export type Replayed = z.infer<typeof replayed>
