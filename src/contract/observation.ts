/**
 * What a node shows of the records themselves: taps, and the samples that receipts and suggestions stand on. All of it is
 * bounded, and redacted by the rules that run unless somebody with the permission `tap:raw` asks otherwise.
 */
import { z } from 'zod'

/** How a record ended in its pipeline. `quarantined`: a required rule failed on it. */
export const fates = ['forwarded', 'dropped', 'sampled', 'deduplicated', 'aggregated', 'quarantined'] as const
export type Fate = (typeof fates)[number]

/** Bytes as text: UTF-8 where it is, base64 where it is not. Records that are no text stand here as JSON. */
export const recordText = z.object({ text: z.string().optional(), base64: z.string().optional() })
export type RecordText = z.infer<typeof recordText>

/** One record as it went through its pipeline. */
export const observedRecord = z.object({
  pipeline: z.string(),
  source: z.string(),
  /** Unix milliseconds: when it came in. */
  at: z.number(),
  fate: z.enum(fates),
  /** Id of the rule that ended it; null when it went on. */
  rule: z.string().nullable(),
  /** Ids of the rules that edited it, in order. */
  edited_by: z.array(z.string()),
  before: recordText,
  /** Null when it ended. The bytes that the outputs' encoders were given, as text. */
  after: recordText.nullable(),
  bytes_in: z.number(),
  /** 0 when it ended. */
  bytes_out: z.number(),
})
export type ObservedRecord = z.infer<typeof observedRecord>

/** A uniform sample of what one pipeline took in from `from` to `to` (Unix milliseconds). Each record stands for `seen.records / records.length`. */
export const sampleWindow = z.object({
  pipeline: z.string(),
  from: z.number(),
  to: z.number(),
  seen: z.object({ records: z.number(), bytes: z.number() }),
  records: z.array(observedRecord),
})
export type SampleWindow = z.infer<typeof sampleWindow>

/** What a tap shows. `rule`: only records that this rule ended or edited. `when`: as in rules, asked of the record as it came in. */
export const tapSelection = z.strictObject({
  pipeline: z.string().optional(),
  rule: z.string().optional(),
  when: z.unknown().optional(),
  fate: z.enum(fates).optional(),
  /** Unredacted. Needs `tap:raw`. */
  raw: z.boolean().default(false),
  per_second_max: z.int().min(1).max(1000).default(20),
})
export type TapSelection = z.infer<typeof tapSelection>

/** What a tap sends now and then. `skipped`: records that fitted and were not shown, because of the bound or a slow watcher. */
export const tapBatch = z.object({ records: z.array(observedRecord), skipped: z.number() })
export type TapBatch = z.infer<typeof tapBatch>

/** Records that one answer of recent samples has at most. */
export const RECENT_RECORDS_MAX = 500
export const recentQuery = z.object({
  pipeline: z.string().max(128).optional(),
  rule: z.string().max(128).optional().describe('Only records that this rule ended or edited.'),
  fate: z.enum(fates).optional(),
  limit: z.coerce.number().int().min(1).max(RECENT_RECORDS_MAX).default(100),
})
export type RecentQuery = z.output<typeof recentQuery>

/** Of one pipeline over all gateways that answered. Each record stands for `seen.records / sampled`. */
export const recentPipeline = z.object({
  id: z.string(),
  from: z.number().describe('Unix milliseconds: of the oldest window.'),
  to: z.number(),
  seen: z.object({ records: z.number(), bytes: z.number() }),
  sampled: z.number(),
})

/** What came through gateways in the last minutes, as the rules that run let it be shown. */
export const recentRecords = z
  .object({
    gateways: z.object({ asked: z.number(), answered: z.number() }),
    pipelines: z.array(recentPipeline),
    records: z
      .array(observedRecord.extend({ gateway: z.string().describe('Id of the gateway.') }))
      .describe('Newest first.'),
    left_out: z.number().describe('Older ones that fit, and are more than was asked for or than one answer holds.'),
  })
  .meta({ id: 'RecentRecords' })
export type RecentRecords = z.infer<typeof recentRecords>
