/** What needs somebody: worst first, each with where to go. */
import type { AlertEvent } from '#contract/alert.ts'
import type { DriftCause, FleetSummary } from '#contract/fleet.ts'
import type { LiveEntry } from '#contract/series.ts'
import { bytes, count } from '#ui/kit/format.ts'
import { type PipelineNow, type PipelineState, pipelinesNow } from '#ui/screens/overview/live-flow.ts'

export interface Attention {
  key: string
  tone: 'bad' | 'warn'
  title: string
  detail: string
  to: '/fleet' | '/alerts' | '/outputs' | '/'
  hash?: string
  /** Since when, where that is known; Unix milliseconds. */
  since?: number
}

export interface AttentionSources {
  live: readonly LiveEntry[]
  fleet: FleetSummary | undefined
  alerts: readonly AlertEvent[]
}

export function attentionOf({ live, fleet, alerts }: AttentionSources): Attention[] {
  const all = [
    ...pipelinesNow(live).flatMap(pipelineAttention),
    ...alerts.map(alertAttention),
    ...(fleet === undefined ? [] : fleetAttention(fleet)),
    ...outputAttention(live),
    ...nodeAttention(live),
  ]
  return all.sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'))
}

export const stateWords: Record<PipelineState, { tone: 'ok' | 'warn' | 'bad'; word: string; meaning: string }> = {
  normal: { tone: 'ok', word: 'Normal', meaning: 'all rules run' },
  pressed: { tone: 'warn', word: 'Pressed', meaning: 'only required rules run, so that records keep up' },
  probing: { tone: 'warn', word: 'Probing', meaning: 'the rules are tried again on some of the records' },
  hold: { tone: 'bad', word: 'On hold', meaning: 'records wait, because a required rule cannot run' },
  bypass: { tone: 'bad', word: 'Bypassed', meaning: 'records go out without the rules that should have run' },
}

/** `1 gateway`, `2 gateways`. */
export function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`
}

function pipelineAttention({ id, state, since, gateways, inState }: PipelineNow): Attention[] {
  const { tone, word, meaning } = stateWords[state]
  if (tone === 'ok') return []
  const where = gateways === 1 ? '' : ` on ${inState} of ${gateways} gateways`
  const title = `Pipeline ${id}: ${word.toLowerCase()}${where}`
  return [{ key: `pipeline/${id}`, tone, title, detail: meaning, to: '/', hash: 'bypass', since }]
}

function alertAttention({ id, rule_name: name, severity, cause, started_at: since, silenced }: AlertEvent): Attention {
  const why = cause === 'no_data' ? 'there is no data' : 'its condition holds'
  return {
    key: `alert/${id}`,
    tone: severity === 'critical' ? 'bad' : 'warn',
    title: `Alert: ${name}`,
    detail: `${severity}; ${why}${silenced ? '; silenced' : ''}`,
    to: '/alerts',
    since,
  }
}

/** Gateways that have just been offered something, or take no configurations, are as they should be. */
const driftWords: Partial<Record<DriftCause, { tone: 'bad' | 'warn'; text: string }>> = {
  failed: { tone: 'bad', text: 'refused the published version' },
  rolled_back: { tone: 'bad', text: 'tried the published version and went back' },
  stale: { tone: 'warn', text: 'did not say in time what became of the published version' },
  local_override: { tone: 'warn', text: 'changed on the spot: other than published' },
}

function fleetAttention({ gateways, online, unhealthy, drift }: FleetSummary): Attention[] {
  const found: Attention[] = []
  const add = (key: string, tone: 'bad' | 'warn', number: number, text: string, detail: string) => {
    if (number > 0)
      found.push({ key: `fleet/${key}`, tone, title: `${plural(number, 'gateway')} ${text}`, detail, to: '/fleet' })
  }
  const of = `of ${plural(gateways, 'gateway')} in the fleet`
  for (const [cause, words] of Object.entries(driftWords))
    add(cause, words.tone, drift[cause as DriftCause] ?? 0, words.text, of)
  add('offline', 'warn', gateways - online, 'offline', of)
  add('unhealthy', 'bad', unhealthy, 'unhealthy', of)
  return found
}

function outputAttention(live: readonly LiveEntry[]): Attention[] {
  const outputs = Map.groupBy(
    live.flatMap(({ stats }) => stats.outputs),
    ({ id }) => id,
  )
  return [...outputs].flatMap(([id, books]): Attention[] => {
    const found: Attention[] = []
    const error = books.find(({ last_error: last }) => last !== null)?.last_error
    if (error)
      found.push({
        key: `output/${id}`,
        tone: 'bad',
        title: `Output ${id} fails`,
        detail: `${error.code}: ${error.message}`,
        to: '/outputs',
        since: error.at,
      })
    const failure = books.find(({ spool }) => spool?.failure)?.spool?.failure
    if (failure)
      found.push({
        key: `spool/${id}`,
        tone: 'bad',
        title: `Output ${id} cannot write its backlog`,
        detail: `${failure.code}: ${failure.message}`,
        to: '/outputs',
      })
    const letters = books.reduce((sum, { dead_letters: dead }) => sum + (dead?.records ?? 0), 0)
    const size = books.reduce((sum, { dead_letters: dead }) => sum + (dead?.bytes ?? 0), 0)
    if (letters > 0)
      found.push({
        key: `dead/${id}`,
        tone: 'warn',
        title: `${plural(letters, 'dead letter')} of output ${id}`,
        detail: `${bytes(size)} that the other side refused, kept for replay`,
        to: '/outputs',
      })
    return found
  })
}

function nodeAttention(live: readonly LiveEntry[]): Attention[] {
  return live.flatMap(({ gateway, stats: { id, engines, kept, upstreams = [] } }): Attention[] => {
    const found: Attention[] = []
    const stalled = engines.filter(({ state }) => state === 'stalled').length
    if (stalled > 0)
      found.push({
        key: `engine/${gateway}`,
        tone: 'bad',
        title: `${plural(stalled, 'engine')} of gateway ${id} stalled`,
        detail: 'a rule takes too long; the engine is replaced',
        to: '/fleet',
      })
    for (const upstream of upstreams.filter(({ breaker }) => breaker?.state === 'open'))
      found.push({
        key: `breaker/${gateway}/${upstream.id}`,
        tone: 'warn',
        title: `Breaker of ${upstream.shared ? 'upstream' : 'output'} ${upstream.id} is open`,
        detail: `gateway ${id} sends nothing there for now; records wait`,
        to: '/outputs',
      })
    if (kept?.failure)
      found.push({
        key: `kept/${gateway}`,
        tone: 'bad',
        title: `Gateway ${id} cannot keep dead letters`,
        detail: kept.failure,
        to: '/fleet',
      })
    return found
  })
}
