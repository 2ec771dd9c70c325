/**
 * An impact receipt: what a candidate configuration would do to the traffic that nodes have just seen, beside what
 * the live one did to the same records. Stored with the version. Estimates are of the traffic of the sample's
 * windows, unless their name says month; they come from a uniform sample, and say how sure they are.
 */
import { z } from 'zod'

/** The bounds hold with the receipt's confidence; where everything was looked at, all three are the same. */
const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() })
export type Estimate = z.infer<typeof estimate>

const amount = z.object({ records: estimate, bytes: estimate })

/** `difference` is candidate less live, estimated record by record: surer than the two apart. */
const compared = z.object({ live: amount, candidate: amount, difference: amount })
export type Compared = z.infer<typeof compared>

export const ruleChanges = ['new', 'removed', 'changed', 'unchanged'] as const
export type RuleChange = (typeof ruleChanges)[number]

const ruleEffect = z.object({
  pipeline: z.string(),
  id: z.string(),
  type: z.string(),
  change: z.enum(ruleChanges),
  /** Records that end here, and their bytes as they came in. Null on the side that does not have the rule. */
  ended: z.object({ live: amount.nullable(), candidate: amount.nullable() }),
  edited: z.object({ live: estimate.nullable(), candidate: estimate.nullable() }),
  /** Sample records on which the candidate's rule failed. */
  errors: z.number(),
})
export type RuleEffect = z.infer<typeof ruleEffect>

const groupEffect = z.object({
  name: z.string(),
  in: amount,
  /** What goes on to the outputs. */
  out: compared,
})
export type GroupEffect = z.infer<typeof groupEffect>

const lostErrors = z.object({
  /** Of severity error or above: live lets them go on, the candidate ends them. */
  lost: estimate,
  /** The other way round. */
  regained: estimate,
  /** How many of the sample's records `lost` stands on. */
  sampled: z.number(),
  by_rule: z.array(z.object({ pipeline: z.string(), rule: z.string(), records: estimate })),
})

const vanishedField = z.object({
  pipeline: z.string(),
  /** Key of the record, or `key/key` in an object at its top. */
  path: z.string(),
  /** Records that leave with it today. */
  records: estimate,
  sampled: z.number(),
})
export type VanishedField = z.infer<typeof vanishedField>

const redaction = z.object({
  pipeline: z.string(),
  rule: z.string(),
  /** What it takes out: names of detectors, and `pattern`. Empty: a rule of gateways' own files, which nobody here knows. */
  kinds: z.array(z.string()),
  change: z.enum(ruleChanges),
  live: estimate.nullable(),
  /** Null: cannot be told, because the sample is redacted by the live rule. */
  candidate: estimate.nullable(),
  /**
   * Records that live redacts by this rule and that the candidate lets go on without a rule that covers the same.
   * Whether they would leave unredacted cannot be proved on a redacted sample.
   */
  unprovable: estimate,
  /** How many of the sample's records `unprovable` stands on. */
  sampled: z.number(),
  /** The candidate has rules that surely redact the same; always true of its own new ones. */
  covered: z.boolean(),
})
export type Redaction = z.infer<typeof redaction>

const moneyCompared = z.object({ live: estimate, candidate: estimate, difference: estimate })

const money = z.object({
  /** By currency: amounts of different ones are not added. */
  totals: z.array(z.object({ currency: z.string(), ...moneyCompared.shape })),
  outputs: z.array(
    z.object({
      output: z.string(),
      currency: z.string(),
      per_gb: z.number(),
      per_million_events: z.number(),
      /** Since when the price holds: Unix milliseconds. */
      since: z.number(),
      ...moneyCompared.shape,
    }),
  ),
  /** Outputs without a price. */
  unpriced: z.array(z.string()),
})

export const notCoveredKinds = [
  'no_sample',
  'gateways_missing',
  'pipeline_new',
  'pipeline_removed',
  'gateway_rules',
  'signal',
  'stateful_rule',
  'reproduction',
  'clipped_records',
] as const

const notCovered = z.object({
  kind: z.enum(notCoveredKinds),
  /** Pipeline, `pipeline/rule`, or what else it is about. */
  subject: z.string(),
  reason: z.string(),
})
export type NotCovered = z.infer<typeof notCovered>

export const receipt = z
  .object({
    version: z.literal(1),
    /** Unix milliseconds. */
    made_at: z.number(),
    live: z.string().nullable().describe('Hash of the live version; null before the first.'),
    candidate: z.string().describe('Hash of the candidate.'),
    sample: z.object({
      records: z.number(),
      /** What the sample was drawn from. */
      seen: z.object({ records: z.number(), bytes: z.number() }),
      /** Unix milliseconds: the first and the last moment that some window covers. */
      from: z.number(),
      to: z.number(),
      windows: z.number(),
      /** The longest time that some gateway's windows span: what a month is extrapolated from. */
      minutes: z.number(),
      gateways: z.object({ asked: z.number(), answered: z.number() }),
      /** Records whose live fate the replay of the live rules does not repeat; they keep the fate that was seen. */
      not_reproduced: z.number(),
    }),
    method: z.object({
      confidence: z.number(),
      month_days: z.number(),
      statement: z.string(),
    }),
    in: amount,
    out: compared,
    /** What a month of such traffic would be. */
    month: z.object({ in: amount, out: compared }),
    money,
    rules: z.array(ruleEffect),
    services: z.array(groupEffect),
    severities: z.array(groupEffect),
    lost_errors: lostErrors,
    vanished_fields: z.array(vanishedField),
    redactions: z.array(redaction),
    /** Mean CPU time of the rules over the sample, on the machine that replayed it; null where it was not measured. */
    cpu: z.array(
      z.object({
        pipeline: z.string(),
        live_ns_per_record: z.number().nullable(),
        candidate_ns_per_record: z.number().nullable(),
      }),
    ),
    not_covered: z.array(notCovered),
  })
  .meta({ id: 'Receipt' })
export type Receipt = z.infer<typeof receipt>

/** What must hold for a version to be published. */
export const receiptPolicy = z
  .strictObject({
    require_receipt: z.boolean().default(false).describe('Publishing needs a receipt.'),
    refuse_lost_errors: z
      .boolean()
      .default(false)
      .describe('Refuse a version that ends records of severity error or above which the live one lets go on.'),
    refuse_unredacted: z
      .boolean()
      .default(false)
      .describe('Refuse a version that no longer surely redacts what the live one redacts.'),
    min_sample_records: z.int().min(0).max(1_000_000).default(0).describe('Records that the sample must have.'),
    max_age_minutes: z.int().min(1).max(43_200).default(60).describe('Older receipts do not count.'),
  })
  .meta({ id: 'ReceiptPolicy' })
export type ReceiptPolicy = z.infer<typeof receiptPolicy>

export const refusalCodes = [
  'receipt_missing',
  'receipt_stale',
  'receipt_of_other',
  'sample_too_small',
  'lost_errors',
  'unredacted',
] as const

export const receiptRefusal = z
  .object({ code: z.enum(refusalCodes), reason: z.string() })
  .meta({ id: 'ReceiptRefusal' })
export type ReceiptRefusal = z.infer<typeof receiptRefusal>
