/** Series by minute, hour and day, as charts take them; for how long they are kept. */
import { z } from 'zod'
import { DEFAULT_CONFIGURATION, entityId } from './configuration.ts'
import { nodeStats } from './stats.ts'

/** Points on the axis of time that one answer has at most. */
export const SERIES_POINTS_MAX = 2000
/** Series that an answer has at most, beside `other`. */
export const SERIES_TOP_MAX = 50
const SERIES_TOP_DEFAULT = 8

export const seriesSubjects = ['total', 'pipeline', 'rule', 'output', 'service', 'severity', 'gateway'] as const
export type SeriesSubject = (typeof seriesSubjects)[number]

export const seriesSteps = ['minute', 'hour', 'day'] as const
export type SeriesStep = (typeof seriesSteps)[number]

/** Unix milliseconds, or a date and time of RFC 3339. */
export const instant = z
  .union([z.coerce.number().int().min(0).max(8.64e15), z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((value) => (typeof value === 'number' ? value : Date.parse(value)))

export const seriesQuery = z.object({
  configuration: entityId.default(DEFAULT_CONFIGURATION),
  by: z.enum(seriesSubjects).default('total'),
  from: instant.optional().describe('Default: an hour before `to`.'),
  to: instant.optional().describe('Not included. Default: now.'),
  step: z.enum(seriesSteps).optional().describe('Default: what gives a chart of at most some hundred points.'),
  pipeline: z.string().max(256).optional().describe('Only of this pipeline: its rules, services, severities.'),
  key: z.string().max(512).optional().describe('Only this rule, output, service, severity or gateway.'),
  top: z.coerce.number().int().min(1).max(SERIES_TOP_MAX).default(SERIES_TOP_DEFAULT),
})
export type SeriesQuery = z.output<typeof seriesQuery>

export const oneSeries = z
  .object({
    /** Names it among the series of this answer. `other`: all that is not among the top ones. */
    key: z.string(),
    labels: z.record(z.string(), z.string()),
    /** From samples, scaled to the exact figures. */
    estimated: z.boolean(),
    /** Records that the estimate stands on, over the whole time; null where nothing is estimated. */
    samples: z.number().nullable(),
    /**
     * By name of the figure, in the order of `times`. Counts are of that step; `queue_bytes` and the like stood at its
     * end.
     */
    values: z.record(z.string(), z.array(z.number())),
  })
  .meta({ id: 'OneSeries' })

export const series = z
  .object({
    configuration: z.string(),
    by: z.enum(seriesSubjects),
    step: z.enum(seriesSteps),
    from: z.number(),
    to: z.number(),
    /** When each step begins; Unix milliseconds. */
    times: z.array(z.number()),
    series: z.array(oneSeries),
  })
  .meta({ id: 'Series' })
export type Series = z.infer<typeof series>

export const retention = z
  .strictObject({
    minute_hours: z.int().min(6).max(168).default(48).describe('Hours for which minutes are kept.'),
    hour_days: z.int().min(1).max(1100).default(400).describe('Days for which hours are kept.'),
  })
  .meta({ id: 'SeriesRetention' })
export type Retention = z.infer<typeof retention>

const perSecond = z.object({ records: z.number(), bytes: z.number() })

/** The last books of a gateway, with what happens each second. */
export const liveStats = z
  .object({
    gateway: z.string(),
    configuration: z.string(),
    /** When they arrived; Unix milliseconds. */
    at: z.number(),
    stats: nodeStats,
    /** Over the time between the last two messages; null until there are two. */
    rates: z
      .object({
        pipelines: z.array(
          z.object({
            id: z.string(),
            in: perSecond,
            out: perSecond,
            rules: z.array(z.object({ id: z.string(), ended: perSecond, edited: perSecond })),
          }),
        ),
        outputs: z.array(z.object({ id: z.string(), forwarded: perSecond, delivered: perSecond })),
      })
      .nullable(),
  })
  .meta({ id: 'LiveStats' })
export type LiveEntry = z.infer<typeof liveStats>
export type Rates = NonNullable<LiveEntry['rates']>
