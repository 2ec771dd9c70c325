/**
 * What a controller suggests after a look at recent records: rules that somebody may take over as they are. It looks
 * at what goes on to the outputs today, as the live rules leave it.
 */
import { z } from 'zod'

/** Records and bytes of the sample, and their shares of it with 95 % bounds (Wilson). */
const share = z.object({
  records: z.number(),
  bytes: z.number(),
  records_share: z.number(),
  records_share_low: z.number(),
  records_share_high: z.number(),
  bytes_share: z.number(),
})
export type Share = z.infer<typeof share>

/** An entry for a pipeline's `processors`, valid as it stands. */
export const suggestedRule = z.object({
  id: z.string(),
  type: z.enum(['filter', 'attribute_filter', 'sample', 'redact']),
  params: z.record(z.string(), z.unknown()),
  when: z.unknown().optional(),
})
export type SuggestedRule = z.infer<typeof suggestedRule>

const logPattern = z.object({
  pipeline: z.string(),
  service: z.string().nullable(),
  /** What its records have in common; `<…>` stands for what differs. */
  template: z.string(),
  ...share.shape,
  /** One record's text, with what looks personal or secret masked. */
  example: z.string(),
  /** Records by severity. */
  severities: z.record(z.string(), z.number()),
})
export type LogPattern = z.infer<typeof logPattern>

const suggestion = z.object({
  kind: z.enum(['pattern', 'chatty_service', 'sensitive']),
  pipeline: z.string(),
  title: z.string(),
  why: z.string(),
  rule: suggestedRule,
  /** The rule was chosen on records as live rules leave them: it belongs behind all of them. */
  place: z.literal('last'),
  /** What the rule acts on, in the sample. */
  affects: share,
  /**
   * Expected share of the pipeline's bytes out that would no longer go on; 0 for redactions. `n`: records looked at.
   */
  savings: z.object({ share: z.number(), low: z.number(), high: z.number(), n: z.number() }),
  services: z.array(z.string()),
  severities: z.record(z.string(), z.number()),
  /** Of `sensitive`: what it looks like, and the fields that it was seen in; `(text)` where a record has none. */
  sensitive: z
    .object({ what: z.string(), fields: z.array(z.object({ path: z.string(), records: z.number() })) })
    .nullable(),
})
export type Suggestion = z.infer<typeof suggestion>

export const suggestions = z
  .object({
    /** Records of the sample that go on to outputs, and how many such the sample stands for. */
    sampled: z.number(),
    seen: z.number(),
    /** Records of patterns that did not fit into the bounds. */
    unclustered: z.number(),
    patterns: z.array(logPattern),
    suggestions: z.array(suggestion),
  })
  .meta({ id: 'Suggestions' })
export type Suggestions = z.infer<typeof suggestions>
