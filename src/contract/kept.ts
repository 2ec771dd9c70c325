/**
 * What a node tells of dead letters and of what rules dropped, and what it is asked to do with them: at its admin port, and by
 * its controller (`kept-messages.ts`).
 */
import { z } from 'zod'

export const LISTED_MAX = 1000

const at = z.number().describe('Unix milliseconds.')
const summary = { records: z.number(), bytes: z.number(), oldest: at, newest: at }

/** `GET /dead-letters/summary` */
export const deadLetterSummary = z.array(z.object({ output: z.string(), code: z.string(), ...summary }))
export type DeadLetterSummary = z.infer<typeof deadLetterSummary>

const content = {
  text: z.string().optional().describe('Its content, where it is UTF-8.'),
  base64: z.string().optional().describe('Its content, where it is not.'),
  omitted: z.literal(true).optional().describe('Its content is too large to be shown here.'),
}

/** One of `GET /dead-letters?output=&code=&after=&limit=`, oldest first; with its content where one is asked for by `id`. */
export const deadLetter = z
  .object({
    id: z.number(),
    output: z.string(),
    kind: z.string().describe('Type of the output and name of its encoder: only such an output can send it.'),
    at,
    code: z.string().describe('Why it was refused, such as `http_400`.'),
    message: z.string(),
    bytes: z.number(),
    ...content,
  })
  .meta({ id: 'DeadLetter' })
export type ListedDeadLetter = z.infer<typeof deadLetter>

/** Body of `POST /dead-letters/replay` and `/dead-letters/drop`: all that is given must hold; `all` where nothing is. */
export const deadLetterSelection = z.strictObject({
  output: z.string().optional(),
  code: z.string().optional(),
  ids: z.array(z.int().min(0)).max(100_000).optional(),
  all: z.literal(true).optional(),
})
/** As a controller takes it: so many ids fit into a message to a node. */
export const boundedSelection = deadLetterSelection
  .extend({ ids: z.array(z.int().min(0)).min(1).max(LISTED_MAX).optional() })
  .refine((given) => Object.values(given).some((part) => part !== undefined), {
    error: 'say which: output, code, ids, or all: true',
  })
  .describe('All that is given must hold; `all` where nothing is.')
export type DeadLetterSelection = z.infer<typeof deadLetterSelection>

/** `GET /dropped/summary` */
export const droppedSummary = z.array(z.object({ pipeline: z.string(), rule: z.string(), ...summary }))
export type DroppedSummary = z.infer<typeof droppedSummary>

/** Names a dropped record in the order of their list: its row, and its place in that. */
export const droppedId = z.string().regex(/^\d{1,15}\.\d{1,9}$/, 'must be the id of a dropped record')

/** One of `GET /dropped?pipeline=&rule=&limit=`, newest first: redacted, as it would have gone out. */
export const droppedRecord = z
  .object({ id: droppedId, pipeline: z.string(), rule: z.string(), at, ...content })
  .meta({ id: 'DroppedRecord' })
export type ListedDroppedRecord = z.infer<typeof droppedRecord>

/** `before`: only what comes behind the record of that id. */
export interface ListedDroppedFilter {
  pipeline?: string | undefined
  rule?: string | undefined
  before?: string | undefined
}

/** Body of `POST /dropped/replay`. `since`: Unix milliseconds. */
export const droppedSelection = z.strictObject({
  pipeline: z.string().optional(),
  rule: z.string().min(1),
  since: z.number().optional().describe('Unix milliseconds; by default all that is kept.'),
})
export type DroppedSelection = z.infer<typeof droppedSelection>

export const replayed = z.object({
  replayed: z.number(),
  skipped: z.number().describe('Left where they are.'),
  reason: z.string().optional().describe('Why, where there is one reason.'),
})
export type Replayed = z.infer<typeof replayed>

export const droppedLetters = z.object({ dropped: z.number() })
