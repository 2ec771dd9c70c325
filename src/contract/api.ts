/** Requests and answers of the controller's API. */
import { z } from 'zod'
import { BATCH_SIZE_MAX, BATCH_SIZE_MIN, manifest } from './manifest.ts'

export const RULES_MAX = 1000
export const OUTPUTS_MAX = 32

export const ruleId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/,
    'must be 1 to 128 letters, digits or _ . : - and begin with a letter or digit',
  )

/** What `PUT /rules/{id}` takes: a rule without its id. */
export const ruleBody = z.strictObject({
  type: z.string().min(1).max(128).describe('Which processor, such as `filter` or `redact`.'),
  params: z.record(z.string(), z.unknown()).default({}).describe("The processor's options."),
  when: z.unknown().optional().describe('Condition: the rule acts only on records for which it holds.'),
  required: z.boolean().optional().describe('Runs even under pressure and is never bypassed.'),
  on_error: z.enum(['pass', 'drop', 'quarantine']).optional().describe('What happens to a record on which it fails.'),
})

export const rule = z.strictObject({ id: ruleId.describe('Name of the rule.'), ...ruleBody.shape }).meta({ id: 'Rule' })

export const output = z
  .looseObject({
    type: z.string().min(1).max(128).describe('Which output, such as `http`.'),
    url: z.string().max(8192).nullish().describe('Where to send.'),
    headers: z.record(z.string(), z.string()).nullish().describe('Headers to add. Shown masked.'),
  })
  .meta({ id: 'Output' })

export const batchSize = z.coerce.number().int().min(BATCH_SIZE_MIN).max(BATCH_SIZE_MAX)

export const ruleAdded = z.object({ status: z.literal('added'), rule: z.unknown() })
export const ruleUpdated = z.object({ status: z.literal('updated'), rule: z.unknown() })
export const ruleDeleted = z.object({ status: z.literal('deleted'), id: z.string() })
export const outputAdded = z.object({ status: z.literal('added'), output: z.unknown() })
export const cleared = z.object({ status: z.literal('cleared') })
export const batchSizeRead = z.object({ batch_size: z.number() })
export const batchSizeUpdated = z.object({ status: z.literal('updated'), batch_size: z.number() })
export const publishedAnswer = z.object({
  status: z.literal('published'),
  manifest,
  subscribers_notified: z.number(),
  /** Why some subscriber could not be told; it will be when its bus is back. */
  warning: z.string().optional(),
})

/** RFC 9457, with the places of what is wrong as JSON Pointers (RFC 6901). */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })
export type ProblemBody = z.infer<typeof problem>
