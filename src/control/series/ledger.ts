/**
 * The savings ledger: what the rules of each pipeline ended or shrank, on the meter of every output that it would have
 * gone to, at the price of that day. `docs/guides/savings.md` says it in words.
 */
import { PRICES_MAX, type Price } from '#contract/savings.ts'
import type { Db, Tx } from '../store/database.ts'
import { OTHER } from './counters.ts'
import { estimatedParts, largest, type Part } from './estimated-series.ts'
import { estimateColumns } from './estimates.ts'
import { type FlowDay, type RoutedOutput, ratesAt } from './flow.ts'
import { listPrices, priceOn } from './prices.ts'
import { type Range, type Source, type SumRow, sourceOf, sumsBy } from './reading.ts'
import { type Routing, routings } from './routing.ts'
import { tables } from './rows.ts'

export const DAY_MS = 86_400_000
/** Rules that are listed by themselves. */
const RULES_SHOWN_MAX = 100
const SERVICES_SHOWN_MAX = 30

export const FORMULA = [
  'Of each pipeline and day, in records and bytes:',
  'saved = dropped + sampled + deduplicated + aggregated - emitted - edited.',
  'For each output of the pipeline:',
  'money = saved bytes × (bytes that the output sent / bytes that its pipelines forwarded, that day) × price per byte',
  '+ saved records × (records sent / records forwarded) × price per event, at the price of that day.',
  'Bypassed, quarantined, rejected and overwritten records, and what outputs lost, are not counted as saved.',
].join(' ')

/** What one configuration has saved, day by day (UTC); days without anything are left out. `from`, `to`: whole days. */
export async function ledger(
  db: Db | Tx,
  org: string,
  configuration: string,
  from: number,
  to: number,
): Promise<FlowDay[]> {
  const range: Range = { org, configuration, from, to, stepMs: DAY_MS }
  const pipelines = await sourceOf(db, range, tables.pipelines.table)
  const books = await sumsBy(db, pipelines, ['at', 'pipeline'], tables.pipelines.values, DAY_MS)
  if (books.length === 0) return []
  const rules = Map.groupBy(await ruleRows(db, await sourceOf(db, range, tables.rules.table)), placeOf)
  const names = await largest(db, range, 'service', SERVICES_SHOWN_MAX)
  const services = Map.groupBy(await estimatedParts(db, range, 'service', names), placeOf)
  const outputs = await sourceOf(db, range, tables.outputs.table)
  const sent = await sumsBy(db, outputs, ['at', 'output', 'type'], tables.outputs.values, DAY_MS)
  const routingAt = await routings(db, org, configuration, from, to)
  const prices = await allPrices(db, org)
  const whole = ratesAt(sent, books, routesOf(books, sent, routingAt(to)))
  return [...Map.groupBy(books, (row) => row['at'] as number)]
    .sort(([a], [b]) => a - b)
    .map(([at, booked]) => {
      const routing = routingAt(at + DAY_MS)
      const today = sent.filter((row) => row['at'] === at)
      const routes = routesOf(booked, sent, routing)
      const rates = ratesAt(today, booked, routes)
      const types = typesOf(sent, today, routing)
      const day = new Date(at).toISOString().slice(0, 10)
      const routed = (output: string): RoutedOutput => {
        const type = types.get(output) ?? ''
        const ratio = rates.get(output) ?? whole.get(output) ?? { bytes: 1, records: 1 }
        return { output, type, ratio, price: priceOn(prices, configuration, output, type, day) }
      }
      return {
        at,
        configuration,
        pipelines: booked.map((row) => ({
          pipeline: String(row['pipeline']),
          books: row,
          rules: rules.get(placeOf(row)) ?? [],
          services: (services.get(placeOf(row)) ?? []).map(weightOf),
          outputs: (routes.get(String(row['pipeline'])) ?? []).map(routed),
        })),
        outputs: today,
        fed: routes,
      }
    })
}

async function allPrices(db: Db | Tx, org: string): Promise<Price[]> {
  return await listPrices(db, org, PRICES_MAX)
}

const placeOf = (row: SumRow | Part) => {
  const { at, pipeline } = row as { at: number; pipeline: string }
  return `${at}\0${pipeline}`
}

/** The largest rules by what they ended; what others did is what is left of the pipeline's books. */
async function ruleRows(db: Db | Tx, source: Source): Promise<SumRow[]> {
  const names = ['pipeline', 'rule', 'type']
  const top = { by: 'ended_bytes', limit: RULES_SHOWN_MAX }
  const largest = await sumsBy(db, source, names, ['ended_bytes'], undefined, top)
  const wanted = largest.map((row) => names.map((name) => String(row[name])))
  const only = { names, wanted }
  const rows = await sumsBy(db, source, ['at', ...names], tables.rules.values, DAY_MS, undefined, only)
  return rows.filter((row) => row['rule'] !== OTHER)
}

/**
 * By pipeline. A pipeline for which the configuration names no outputs leads, as far as we know, to all outputs that
 * have sent something and that no other pipeline is said to lead to.
 */
function routesOf(books: readonly SumRow[], sent: readonly SumRow[], { outputs }: Routing): Map<string, string[]> {
  const named = new Set([...outputs.values()].flat())
  const free = [...new Set(sent.map((row) => String(row['output'])))].filter((output) => !named.has(output))
  const pipelines = new Set(books.map((row) => String(row['pipeline'])))
  return new Map([...pipelines].map((pipeline) => [pipeline, outputs.get(pipeline) ?? free]))
}

/** What was sent today says it best, then what the configuration says, then another day. */
function typesOf(sent: readonly SumRow[], today: readonly SumRow[], { types }: Routing): Map<string, string> {
  const all = new Map(sent.map((row) => [String(row['output']), String(row['type'])]))
  for (const [output, type] of types) all.set(output, type)
  for (const row of today) all.set(String(row['output']), String(row['type']))
  return all
}

const column = (name: (typeof estimateColumns)[number]) => estimateColumns.indexOf(name)
const IN = [column('in_records'), column('in_bytes')] as const
const OUT = [column('forwarded_records'), column('forwarded_bytes')] as const
const QUARANTINED = [column('quarantined_records'), column('quarantined_bytes')] as const

/** What of a service did not go on. */
function weightOf({ name, samples, values }: Part) {
  const gone = (i: 0 | 1) => Math.max(0, values[IN[i]]! - values[OUT[i]]! - values[QUARANTINED[i]]!)
  return { service: name, samples, records: gone(0), bytes: gone(1) }
}
