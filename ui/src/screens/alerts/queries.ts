/** What the alerts screen reads. */
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import type { AlertEvent, AlertPreview, AlertRule, AlertRuleBody } from '#contract/alert.ts'
import type { Webhook, WebhookDeliveryWithBody } from '#contract/webhook.ts'
import { get, getTagged, send } from '#ui/api/client.ts'
import { getAll } from '#ui/api/pages.ts'

/** Rules are evaluated every ten seconds. */
const WATCHED_MS = 5000

export const rulesQuery = queryOptions({
  queryKey: ['alerts', 'rules'],
  queryFn: ({ signal }) => getAll<AlertRule>('/alerts/rules', {}, signal),
  refetchInterval: WATCHED_MS,
})

/** With its tag, to edit; it does not move on by itself. */
export function ruleQuery(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'rule', id],
    queryFn: ({ signal }) => getTagged<AlertRule>(rulePath(id), {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

/** `rule` undefined: of all rules. */
export function firingQuery(rule: string | undefined) {
  return queryOptions({
    queryKey: ['alerts', 'events', 'firing', rule ?? null],
    queryFn: ({ signal }) => getAll<AlertEvent>('/alerts/events', { state: 'firing', rule }, signal),
    refetchInterval: WATCHED_MS,
    placeholderData: keepPreviousData,
  })
}

export function eventQuery(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'events', 'one', id],
    queryFn: ({ signal }) => get<AlertEvent>(`/alerts/events/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: WATCHED_MS,
  })
}

/** `body` undefined: it cannot be asked for yet. */
export function previewQuery(body: AlertRuleBody | undefined) {
  return queryOptions({
    queryKey: ['alerts', 'preview', body ?? null],
    queryFn: ({ signal }) => send<AlertPreview>('POST', '/alerts/preview', body, { signal }),
    enabled: body !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
}

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks', 'all'],
  queryFn: ({ signal }) => getAll<Webhook>('/webhooks', {}, signal),
  refetchInterval: 2 * WATCHED_MS,
})

export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: ['webhooks', 'one', id],
    queryFn: ({ signal }) => getTagged<Webhook>(webhookPath(id), {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

export function deliveryQuery(id: string) {
  return queryOptions({
    queryKey: ['pages', '/webhook-deliveries', 'one', id],
    queryFn: ({ signal }) => get<WebhookDeliveryWithBody>(`/webhook-deliveries/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: WATCHED_MS,
  })
}

export function rulePath(id: string): string {
  return `/alerts/rules/${encodeURIComponent(id)}`
}

export function webhookPath(id: string): string {
  return `/webhooks/${encodeURIComponent(id)}`
}

export async function alertsChanged(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['alerts', 'rules'] }),
    client.invalidateQueries({ queryKey: ['alerts', 'events'] }),
    client.invalidateQueries({ queryKey: ['pages', '/alerts/events'] }),
  ])
}

export async function webhooksChanged(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['webhooks', 'all'] }),
    client.invalidateQueries({ queryKey: ['pages', '/webhook-deliveries'] }),
  ])
}
