/** Prices of outputs, and what rules have saved at these prices. */
import { z } from 'zod'
import { DEFAULT_CONFIGURATION, entityId } from './configuration.ts'
import { instant } from './series.ts'

export const PRICES_MAX = 1000
/** Days that one answer looks at, at most. */
export const SAVINGS_DAYS_MAX = 400
/** Days that it can list one by one. */
export const SAVINGS_BUCKETS_MAX = 100

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))

const rate = z.number().min(0).max(1e9)

const target = {
  output: entityId.nullable().default(null).describe('Id of the output that it is the price of.'),
  output_type: z.string().min(1).max(128).nullable().default(null).describe('Or: of all outputs of this type.'),
  configuration: entityId.nullable().default(null).describe('With `output`: only in this configuration.'),
}

/**
 * A price as it is written. One for the output counts before one for its type; the latest `since` that has come counts.
 */
export const priceBody = z
  .strictObject({
    ...target,
    currency: z
      .string()
      .refine((code) => CURRENCIES.has(code), 'must be a code of ISO 4217, such as EUR')
      .describe('ISO 4217.'),
    per_gb: rate.nullable().default(null).describe('For each `unit` of bytes as the output sends them.'),
    unit: z.enum(['GB', 'GiB']).default('GB').describe('GB: 10^9 bytes. GiB: 2^30 bytes.'),
    per_million_events: rate.nullable().default(null).describe('For each million of records.'),
    since: z.iso.date().describe('The first day on which it holds (UTC).'),
    note: z.string().max(500).default('').describe('Such as where it stands.'),
  })
  .refine((price) => (price.output === null) !== (price.output_type === null), {
    path: ['output'],
    message: 'give either output or output_type',
  })
  .refine((price) => price.configuration === null || price.output !== null, {
    path: ['configuration'],
    message: 'goes with output only',
  })
  .refine((price) => price.per_gb !== null || price.per_million_events !== null, {
    path: ['per_gb'],
    message: 'give per_gb, per_million_events or both',
  })
  .meta({ id: 'PriceBody' })
export type PriceBody = z.output<typeof priceBody>

export const price = z
  .object({
    id: z.string(),
    output: z.string().nullable(),
    output_type: z.string().nullable(),
    configuration: z.string().nullable(),
    currency: z.string(),
    per_gb: z.number().nullable(),
    unit: z.enum(['GB', 'GiB']),
    per_million_events: z.number().nullable(),
    since: z.string(),
    note: z.string(),
    updated_at: z.number(),
    updated_by: z.string(),
  })
  .meta({ id: 'Price' })
export type Price = z.infer<typeof price>

const amount = z.object({ records: z.number(), bytes: z.number() })

/** One entry for each currency; they are never added. */
const money = z.array(z.object({ currency: z.string(), amount: z.number() }))
export type Money = z.infer<typeof money>

const part = { saved: amount, money }

export const savedKinds = ['dropped', 'sampled', 'deduplicated', 'aggregated', 'edited', 'emitted'] as const
export type SavedKind = (typeof savedKinds)[number]

export const savings = z
  .object({
    /** Unix milliseconds; `to` is not included. */
    from: z.number(),
    to: z.number(),
    in: amount,
    forwarded: amount,
    /**
     * What rules ended or shrank, in bytes of records: dropped + sampled + deduplicated + aggregated - emitted -
     * edited.
     */
    saved: amount,
    money,
    by_kind: z.array(z.object({ kind: z.enum(savedKinds), ...part })),
    /** `rule` is null where `what` says it: what rules made of what they merged, or the rest. */
    by_rule: z.array(
      z.object({
        configuration: z.string(),
        pipeline: z.string(),
        rule: z.string().nullable(),
        type: z.string().nullable(),
        what: z.enum(['rule', 'emitted', 'other']),
        ...part,
      }),
    ),
    /** Here `saved` is in bytes as the output would have sent them. */
    by_output: z.array(
      z.object({
        configuration: z.string(),
        output: z.string(),
        type: z.string(),
        ...part,
        /**
         * Bytes sent for each byte of a record, and records sent for each record, over this time. Null: nothing was
         * sent.
         */
        ratio: z.object({ bytes: z.number(), records: z.number() }).nullable(),
        /** Those that were used, by day of `since`. Empty: it has none, and its money is not counted. */
        prices: z.array(
          price.pick({ id: true, since: true, currency: true, per_gb: true, unit: true, per_million_events: true }),
        ),
        /** What it did not deliver although the rules let it through. Not saved. */
        lost: z.object({ overwritten: amount, expired: amount, rejected: amount, lost: amount }),
      }),
    ),
    by_service: z.array(z.object({ service: z.string(), estimated: z.literal(true), samples: z.number(), ...part })),
    /** Went away too, and is not saved. `bypassed` went out without the rules. */
    not_counted: z.object({ bypassed: amount, quarantined: amount, rejected: amount, overwritten: amount }),
  })
  .meta({ id: 'Savings' })
export type Savings = z.infer<typeof savings>

export const savingsQuery = z.object({
  configuration: entityId.optional().describe('Default: all of them together.'),
  from: instant.optional().describe('Begins with its day (UTC). Default: 30 days before `to`.'),
  to: instant.optional().describe('Ends with its day (UTC). Default: today.'),
  by: z.enum(['day', 'month']).default('day'),
})

export const savingsAnswer = z
  .object({
    formula: z.string(),
    total: savings,
    /** Days or months (UTC), oldest first. */
    buckets: z.array(savings),
  })
  .meta({ id: 'SavingsAnswer' })
export type SavingsAnswer = z.infer<typeof savingsAnswer>

export const summaryQuery = z.object({
  configuration: entityId.optional().describe(`Such as ${DEFAULT_CONFIGURATION}. Default: all of them together.`),
})

export const savingsSummary = z
  .object({
    formula: z.string(),
    /** First day of this month and of the next (UTC); Unix milliseconds. */
    month_from: z.number(),
    month_to: z.number(),
    in: amount,
    forwarded: amount,
    saved: amount,
    bypassed: amount,
    /** This month until now. */
    money,
    /**
     * Mean of the days of the last week on which there was anything, today left out; of today where that is all there
     * is.
     */
    per_day: money,
    days: z.number(),
    /** Until now, and `per_day` for the rest of the month. */
    forecast: money,
    /** Outputs that took part and have no price. */
    unpriced: z.array(z.object({ configuration: z.string(), output: z.string(), type: z.string() })),
  })
  .meta({ id: 'SavingsSummary' })
export type SavingsSummary = z.infer<typeof savingsSummary>
