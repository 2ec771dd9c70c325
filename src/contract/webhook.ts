/** Webhooks: where events go, and what became of each of them. */
import { z } from 'zod'
import { entityId } from './configuration.ts'

export const WEBHOOKS_MAX = 64
const URL_CHARACTERS_MAX = 2048

/** What happens, and is told. Each has its own shape of `data`. */
export const webhookEventTypes = [
  'alert.firing',
  'alert.resolved',
  'version.published',
  'gateway.online',
  'gateway.offline',
  'gateway.config_failed',
  'dead_letters.added',
  'webhook.test',
] as const
export type WebhookEventType = (typeof webhookEventTypes)[number]

const families = [...new Set(webhookEventTypes.map((type) => `${type.split('.')[0]}.*`))]
export const webhookSubscription = z.enum(['*', ...families, ...webhookEventTypes])

export const webhookKinds = ['standard', 'slack'] as const
export type WebhookKind = (typeof webhookKinds)[number]

const url = z
  .string()
  .max(URL_CHARACTERS_MAX)
  .superRefine((text, context) => {
    const parsed = URL.parse(text)
    const complaint =
      parsed === null || !['http:', 'https:'].includes(parsed.protocol)
        ? 'must be a URL with http:// or https://'
        : parsed.username !== '' || parsed.password !== ''
          ? 'must not contain a user or password'
          : parsed.hash !== ''
            ? 'must not have a fragment'
            : undefined
    if (complaint !== undefined) context.addIssue({ code: 'custom', message: complaint })
  })

/** Standard Webhooks 1.0, "Signature scheme": 24 to 64 random bytes in base64, behind `whsec_`. */
const signingSecret = z
  .string()
  .max(256)
  .refine(
    (text) => {
      const digits = /^whsec_([A-Za-z0-9+/]+)={0,2}$/.exec(text)?.[1]?.length ?? 0
      const bytes = Math.floor((digits * 3) / 4)
      return digits % 4 !== 1 && bytes >= 24 && bytes <= 64
    },
    { message: 'must be whsec_ followed by 24 to 64 bytes in base64' },
  )

const common = {
  name: z.string().trim().min(1).max(128).describe('For people.'),
  events: z.array(webhookSubscription).min(1).max(32).default(['*']).describe('What it is told of.'),
  enabled: z.boolean().default(true),
}

export const newWebhook = z
  .strictObject({
    id: entityId,
    kind: z.enum(webhookKinds).default('standard'),
    url: url.describe('Shown masked where it may hold credentials.'),
    secret: signingSecret.optional().describe('For `standard`. Left out: one is made, and shown in this answer only.'),
    ...common,
  })
  .refine(({ kind, secret }) => kind === 'standard' || secret === undefined, {
    path: ['secret'],
    message: 'a webhook of this kind is not signed',
  })
  .meta({ id: 'NewWebhook' })
export type NewWebhook = z.infer<typeof newWebhook>

export const webhookBody = z
  .strictObject({
    url: url.optional().describe('Left out: stays.'),
    secret: signingSecret
      .optional()
      .describe('Left out: stays. Of a new one: deliveries are signed with the old one as well for a day.'),
    ...common,
  })
  .meta({ id: 'WebhookBody' })
export type WebhookBody = z.infer<typeof webhookBody>

const unixMs = z.number().describe('Unix milliseconds.')

export const webhook = z
  .object({
    id: z.string(),
    kind: z.enum(webhookKinds),
    url: z.string().describe('Without what may be a credential.'),
    ...common,
    disabled_reason: z.string().nullable().describe('Why it was disabled without anybody doing so.'),
    updated_at: unixMs,
    updated_by: z.string(),
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof webhook>

export const createdWebhook = webhook
  .extend({ secret: z.string().nullable().describe('If one was made. It is never shown again.') })
  .meta({ id: 'CreatedWebhook' })

export const deliveryStates = ['pending', 'delivered', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

const attempt = z.object({
  at: unixMs,
  duration_ms: z.number(),
  status: z.number().nullable().describe('Null: there was no answer.'),
  error: z.string().nullable(),
})
export type DeliveryAttempt = z.infer<typeof attempt>

export const webhookDelivery = z
  .object({
    id: z.string(),
    webhook: z.string(),
    message_id: z.string().describe('The header `webhook-id`: the same for every attempt and every receiver.'),
    type: z.string(),
    state: z.enum(deliveryStates),
    created_at: unixMs,
    next_attempt_at: unixMs.nullable(),
    give_up_at: unixMs,
    finished_at: unixMs.nullable(),
    attempts: z.number(),
    /** The last ones, oldest first. */
    recent_attempts: z.array(attempt),
    response: z.string().nullable().describe('The beginning of the last answer.'),
  })
  .meta({ id: 'WebhookDelivery' })
export type WebhookDelivery = z.infer<typeof webhookDelivery>

export const webhookDeliveryWithBody = webhookDelivery
  .extend({ body: z.unknown().describe('What is sent to webhooks of the kind `standard`.') })
  .meta({ id: 'WebhookDeliveryWithBody' })
export type WebhookDeliveryWithBody = z.infer<typeof webhookDeliveryWithBody>
