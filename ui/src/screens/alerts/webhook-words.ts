/** Webhooks in words, and as a form has them. */
import type { NewWebhook, Webhook, WebhookBody, WebhookDelivery, WebhookEventType } from '#contract/webhook.ts'
import { idFrom } from '#ui/screens/alerts/rule-form.ts'

export type Subscription = WebhookBody['events'][number]

/** What can be listened to, as families; a family takes what is added to it later too. */
export const families: readonly { value: Subscription; label: string; hint: string }[] = [
  { value: 'alert.*', label: 'Alerts', hint: 'A rule fires, or is resolved.' },
  { value: 'version.*', label: 'Versions', hint: 'A version is published or restored.' },
  { value: 'gateway.*', label: 'Gateways', hint: 'Online, offline, a version refused.' },
  { value: 'dead_letters.*', label: 'Dead letters', hint: 'Records were refused for good.' },
]

const typeWords: Record<WebhookEventType, string> = {
  'alert.firing': 'An alert fires',
  'alert.resolved': 'An alert is resolved',
  'version.published': 'A version is published',
  'gateway.online': 'Gateways come online',
  'gateway.offline': 'Gateways go offline',
  'gateway.config_failed': 'A version is refused',
  'dead_letters.added': 'Dead letters',
  'webhook.test': 'Test',
}

export function typeText(type: string): string {
  return Object.hasOwn(typeWords, type) ? typeWords[type as WebhookEventType] : type
}

/** `Alerts, gateways` */
export function eventsText(events: readonly Subscription[]): string {
  if (events.includes('*')) return 'Everything'
  return events.map((event) => families.find(({ value }) => value === event)?.label ?? typeText(event)).join(', ')
}

export const deliveryWords: Record<WebhookDelivery['state'], { tone: 'ok' | 'busy' | 'bad'; word: string }> = {
  pending: { tone: 'busy', word: 'On its way' },
  delivered: { tone: 'ok', word: 'Delivered' },
  dead: { tone: 'bad', word: 'Given up' },
}

export interface WebhookForm {
  id: string
  name: string
  kind: Webhook['kind']
  /** Empty at one that is there: stays as it is. */
  url: string
  events: Subscription[]
  enabled: boolean
  /** A new secret for one that is there; empty: the old one stays. */
  secret: string
}

export function newWebhookForm(): WebhookForm {
  return { id: '', name: '', kind: 'standard', url: '', events: ['alert.*'], enabled: true, secret: '' }
}

export function formOfWebhook({ id, name, kind, events, enabled }: Webhook): WebhookForm {
  return { id, name, kind, url: '', events: [...events], enabled, secret: '' }
}

export function newWebhookOf(form: WebhookForm): NewWebhook {
  const { kind, events, enabled } = form
  const name = form.name.trim()
  return { id: form.id.trim() || idFrom(name, 'webhook'), name, kind, url: form.url.trim(), events, enabled }
}

/** What is missing before it can be sent. `isThere`: its URL is known. */
export function missingInWebhook({ name, events, url }: WebhookForm, isThere: boolean): string | undefined {
  if (name.trim() === '') return 'Give it a name.'
  if (!isThere && url.trim() === '') return 'Say where events are sent.'
  return events.length === 0 ? 'Choose the events that are sent.' : undefined
}

/** What is left out stays as it is. */
export function webhookBodyOf(form: WebhookForm): WebhookBody {
  const url = form.url.trim()
  return {
    name: form.name.trim(),
    events: form.events,
    enabled: form.enabled,
    ...(url !== '' && { url }),
    ...(form.secret !== '' && { secret: form.secret }),
  }
}

/** Everything is all there is or will be; the last one that is taken away leaves the others. */
export function toggled(events: readonly Subscription[], event: Subscription, isOn: boolean): Subscription[] {
  if (event === '*') return isOn ? ['*'] : ['alert.*']
  const rest = events.filter((one) => one !== event && one !== '*')
  return isOn ? [...rest, event] : rest
}

/** As Standard Webhooks want it: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(32))
  return `whsec_${btoa(String.fromCharCode(...random))}`
}
