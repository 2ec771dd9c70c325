/** What needs somebody: worst first, each with where to go. */
import type { LinkProps } from '@tanstack/react-router'
import type { AlertEvent } from '#contract/alert.ts'
import type { LiveEntry } from '#contract/series.ts'
import { bytes, plural } from '#ui/kit/format.ts'
import { sum } from '#ui/screens/overview/figures.ts'
import { type FleetSources, fleetAttention } from '#ui/screens/overview/fleet-attention.ts'
import { type PipelineNow, pipelinesNow } from '#ui/screens/overview/live-flow.ts'
import { outputStateOf, stateWords as outputWords, worstOf } from '#ui/words/output-state.ts'
import { pipelineWords } from '#ui/words/pipeline-state.ts'

export interface Attention {
  key: string
  tone: 'bad' | 'warn'
  title: string
  detail: string
  link: LinkProps
  /** Since when, where that is known; Unix milliseconds. */
  since?: number
}

export interface AttentionSources {
  /** Undefined until they are known. */
  live: readonly LiveEntry[] | undefined
  fleet: FleetSources
  alerts: readonly AlertEvent[]
}

export function attentionOf({ live: known, fleet, alerts }: AttentionSources): Attention[] {
  const live = known ?? []
  const all = [
    ...(known?.length === 0 ? [silence(fleet)] : []),
    ...pipelinesNow(live).flatMap(pipelineAttention),
    ...alerts.map(alertAttention),
    ...outputAttention(live),
    ...fleetAttention(fleet),
    ...nodeAttention(live),
  ]
  return all.sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'))
}

/** Without a report nothing is known to be well. */
function silence({ configuration, gateways }: FleetSources): Attention {
  const isNone = gateways?.items.length === 0
  return {
    key: 'silence',
    tone: 'warn',
    title: isNone ? `No gateway follows ${configuration}` : `No gateway of ${configuration} reports`,
    detail: isNone ? 'records go through gateways: add one' : 'none has been heard in the last five minutes',
    link: isNone ? { to: '/fleet', search: { add: 'gateway' } } : { to: '/fleet', search: { follows: configuration } },
  }
}

function pipelineAttention({ id, state, since, gateways, inState }: PipelineNow): Attention[] {
  const { tone, word, meaning } = pipelineWords[state]
  if (tone === 'ok') return []
  const where = gateways === 1 ? '' : ` on ${inState} of ${gateways} gateways`
  const title = `Pipeline ${id}: ${word.toLowerCase()}${where}`
  return [{ key: `pipeline/${id}`, tone, title, detail: meaning, link: { to: '/', hash: 'bypass' }, since }]
}

function alertAttention({ id, rule_name: name, severity, cause, started_at: since, silenced }: AlertEvent): Attention {
  const why = cause === 'no_data' ? 'there is no data' : 'its condition holds'
  return {
    key: `alert/${id}`,
    tone: severity === 'critical' ? 'bad' : 'warn',
    title: `Alert: ${name}`,
    detail: `${severity}; ${why}${silenced ? '; silenced' : ''}`,
    link: { to: '/alerts' },
    since,
  }
}

const outputTrouble = new Set(['failing', 'breaker_open', 'spooling', 'retrying'])

function outputAttention(live: readonly LiveEntry[]): Attention[] {
  const all = live.flatMap(({ stats, rates }) =>
    stats.outputs.map((output) => {
      const rate = rates?.outputs.find(({ id }) => id === output.id)
      return { output, state: outputStateOf(output, stats.upstreams ?? [], rate) }
    }),
  )
  return [...Map.groupBy(all, ({ output }) => output.id)].flatMap(([id, ones]): Attention[] => {
    const found: Attention[] = []
    const link = { to: '/outputs/$output' as const, params: { output: id } }
    const state = worstOf(ones.map((one) => one.state))
    const { word, tone, meaning } = outputWords[state]
    const { output } = ones.find((one) => one.state === state)!
    const reason = output.spool?.failure ?? output.last_error
    if (outputTrouble.has(state))
      found.push({
        key: `output/${id}`,
        tone: tone === 'bad' ? 'bad' : 'warn',
        title: `Output ${id}: ${word.toLowerCase()}`,
        detail: reason ? `${reason.code}: ${reason.message}` : meaning,
        link,
        ...(output.last_error && { since: output.last_error.at }),
      })
    const letters = ones.map((one) => one.output.dead_letters).filter((dead) => dead !== null)
    const records = sum(letters.map((dead) => dead.records))
    if (records > 0)
      found.push({
        key: `dead/${id}`,
        tone: 'warn',
        title: `${plural(records, 'dead letter')} of output ${id}`,
        detail: `${bytes(sum(letters.map((dead) => dead.bytes)))} that the other side refused, kept for replay`,
        link: { ...link, search: { tab: 'letters' } },
      })
    return found
  })
}

function nodeAttention(live: readonly LiveEntry[]): Attention[] {
  return live.flatMap(({ gateway, stats: { id, engines, kept } }): Attention[] => {
    const found: Attention[] = []
    const link = { to: '/fleet/$gateway' as const, params: { gateway } }
    const stalled = engines.filter(({ state }) => state === 'stalled').length
    if (stalled > 0)
      found.push({
        key: `engine/${gateway}`,
        tone: 'bad',
        title: `${plural(stalled, 'engine')} of gateway ${id} stalled`,
        detail: 'a rule takes too long; the engine is replaced',
        link,
      })
    if (kept?.failure)
      found.push({
        key: `kept/${gateway}`,
        tone: 'bad',
        title: `Gateway ${id} cannot keep dead letters`,
        detail: kept.failure,
        link,
      })
    return found
  })
}
