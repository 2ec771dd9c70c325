/** Alerts: rules that watch what gateways report, the events that they make, and trials on what has been. */
import { z } from 'zod'
import { scopeKeys } from './alert-scope.ts'
import { entityId } from './configuration.ts'

export const ALERT_RULES_MAX = 200
export const ALERT_WEBHOOKS_MAX = 16
/** A silence ends by itself, at the latest after this. */
export const SILENCE_MS_MAX = 30 * 86_400_000
export const PREVIEW_DAYS = 7
const MINUTES_MAX = 1440

const minutes = z.int().min(1).max(MINUTES_MAX)
const count = z.int().min(0)

/** `*` stands for any characters. */
const glob = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s]+$/, 'must not contain spaces')
  .describe('An id, or a pattern in which * stands for any characters.')

export const alertScope = z
  .strictObject({
    configuration: glob.optional(),
    pipeline: glob.optional(),
    output: glob.optional(),
    gateway: glob.optional().describe('Of the name of a gateway.'),
  })
  .meta({ id: 'AlertScope' })
export type AlertScope = z.infer<typeof alertScope>
export type ScopeKey = keyof AlertScope

export const alertCondition = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('volume'),
      direction: z.enum(['in', 'out']).default('in'),
      measure: z.enum(['records', 'bytes']).default('bytes'),
      is: z.enum(['above', 'below']),
      threshold: z.number().min(0).describe('Records or bytes per minute.'),
    }),
    z.strictObject({
      kind: z.literal('reduction'),
      measure: z.enum(['records', 'bytes']).default('bytes'),
      is: z.enum(['above', 'below']),
      threshold: z.number().min(-1000).max(100).describe('Percent. A minute in which nothing came in has no data.'),
    }),
    z.strictObject({
      kind: z.literal('bypass'),
      bytes_above: count
        .default(0)
        .describe(
          'Bytes per minute that went past the rules. A pipeline in the state bypass or hold is enough as well.',
        ),
    }),
    z
      .strictObject({
        kind: z.literal('spool_growth'),
        bytes_above: count.optional().describe('More than this waits on disk.'),
        growing_minutes: z.int().min(1).max(120).optional().describe('More waits on disk with each minute, so long.'),
      })
      .refine((it) => it.bytes_above !== undefined || it.growing_minutes !== undefined, {
        message: 'needs bytes_above, growing_minutes or both; one of them is enough to hold',
      }),
    z.strictObject({
      kind: z.literal('dead_letters'),
      more_than: count.default(0).describe('Records that were refused for good.'),
      within_minutes: minutes.default(5),
    }),
    z.strictObject({
      kind: z.literal('gateway_offline'),
      gateways: z.int().min(1).max(100_000).default(1).describe('So many, each of them for `for_minutes`.'),
    }),
    z.strictObject({
      kind: z.literal('lost'),
      more_than: count.default(0).describe('Records that outputs overwrote, let expire or could not read again.'),
      within_minutes: minutes.default(5),
    }),
    z.strictObject({ kind: z.literal('config_failed') }),
  ])
  .meta({ id: 'AlertCondition' })
export type AlertCondition = z.infer<typeof alertCondition>
export type AlertKind = AlertCondition['kind']

export const severities = ['info', 'warning', 'critical'] as const

const definition = {
  name: z.string().trim().min(1).max(128).describe('For people.'),
  description: z.string().max(2000).default('').describe('What to do when it fires; goes into what is sent.'),
  condition: alertCondition,
  scope: alertScope.default({}),
  for_minutes: minutes.default(1).describe('The condition holds so long before the rule fires.'),
  resolve_minutes: minutes.default(1).describe('It does not hold so long before the rule is resolved.'),
  no_data: z
    .enum(['ok', 'alert', 'keep'])
    .default('ok')
    .describe('What a minute without data counts as: all is well, the condition holds, or as the minute before.'),
  severity: z.enum(severities).default('warning'),
  webhooks: z
    .array(entityId)
    .max(ALERT_WEBHOOKS_MAX)
    .default([])
    .describe('Who is told. Empty: every webhook that is subscribed to `alert.*`.'),
  enabled: z.boolean().default(true),
}

/** A kind is confined only by what it knows of. What one gateway took in is not known by pipeline. */
function checkScope(
  { condition, scope }: { condition: AlertCondition; scope: AlertScope },
  context: z.core.$RefinementCtx,
): void {
  const allowed = scopeKeys[condition.kind]
  for (const key of Object.keys(scope) as ScopeKey[]) {
    if (allowed.includes(key)) continue
    const message = `${condition.kind} is confined by ${allowed.join(', ')} only`
    context.addIssue({ code: 'custom', path: ['scope', key], message })
  }
  if (scope.pipeline !== undefined && scope.gateway !== undefined)
    context.addIssue({ code: 'custom', path: ['scope', 'gateway'], message: 'cannot stand beside pipeline' })
}

/** What `PUT /alerts/rules/{id}` takes. */
export const alertRuleBody = z.strictObject(definition).superRefine(checkScope).meta({ id: 'AlertRuleBody' })
export type AlertRuleBody = z.infer<typeof alertRuleBody>
export const newAlertRule = z
  .strictObject({ id: entityId, ...definition })
  .superRefine(checkScope)
  .meta({ id: 'NewAlertRule' })

export const alertStates = ['ok', 'pending', 'firing', 'no_data'] as const
export type AlertState = (typeof alertStates)[number]

const unixMs = z.number().describe('Unix milliseconds.')

export const silence = z.object({ until: unixMs, by: z.string(), reason: z.string() }).meta({ id: 'AlertSilence' })
export type Silence = z.infer<typeof silence>
export const silenceBody = z.strictObject({
  until: z.int().describe('Unix milliseconds; at most 30 days from now.'),
  reason: z.string().trim().min(1).max(500),
})

export const alertStatus = z
  .object({
    state: z.enum(alertStates),
    since: unixMs.nullable().describe('Since when it is in this state; null before the first evaluation.'),
    value: z.number().nullable().describe('What was measured last; null when nothing could be.'),
    evaluated_to: unixMs.nullable(),
    event: z.string().nullable().describe('The event that is open.'),
  })
  .meta({ id: 'AlertStatus' })

export const alertRule = z
  .object({
    id: z.string(),
    ...definition,
    silence: silence.nullable(),
    status: alertStatus,
    updated_at: unixMs,
    updated_by: z.string(),
  })
  .meta({ id: 'AlertRule' })
export type AlertRule = z.infer<typeof alertRule>

export const alertEvent = z
  .object({
    id: z.string(),
    rule: z.string(),
    rule_name: z.string(),
    kind: z.string(),
    severity: z.enum(severities),
    state: z.enum(['firing', 'resolved']),
    cause: z.enum(['condition', 'no_data']),
    value: z.number().nullable().describe('What was measured when it fired.'),
    subjects: z.array(z.string()).describe('Gateways that it is about, where there are any; the first of them.'),
    started_at: unixMs,
    resolved_at: unixMs.nullable(),
    resolved_by: z.enum(['condition', 'rule_changed', 'rule_disabled', 'rule_deleted']).nullable(),
    silenced: z.boolean().describe('Nobody has been told, because of a silence.'),
    acknowledged: z.object({ at: unixMs, by: z.string(), note: z.string() }).nullable(),
  })
  .meta({ id: 'AlertEvent' })
export type AlertEvent = z.infer<typeof alertEvent>

export const acknowledgement = z.strictObject({ note: z.string().max(500).default('') })

export const alertPreview = z
  .object({
    from: unixMs,
    to: unixMs,
    minutes: z.number(),
    minutes_without_data: z.number(),
    /** Oldest first. */
    firings: z.array(z.object({ started_at: unixMs, resolved_at: unixMs.nullable(), value: z.number().nullable() })),
    firings_left_out: z.number(),
    /** For a chart: each point is the worst of its minutes. */
    series: z.array(z.object({ at: unixMs, value: z.number().nullable(), breached: z.boolean() })),
    series_step_minutes: z.number(),
    exact: z.boolean().describe('False: past states of gateways are known only as far as they last until now.'),
  })
  .meta({ id: 'AlertPreview' })
export type AlertPreview = z.infer<typeof alertPreview>
