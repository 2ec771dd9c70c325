/** An output of a configuration is one on each of its gateways: all of them together. */
import type { LiveEntry, Rates } from '#contract/series.ts'
import type { Amount, OutputBooks, UpstreamState } from '#contract/stats.ts'
import { type OutputState, outputStateOf, upstreamOf, worstOf } from '#ui/words/output-state.ts'

/** An output on one gateway. */
export interface OutputAt {
  gateway: string
  /** When its books arrived. */
  at: number
  books: OutputBooks
  rates: Rates['outputs'][number] | undefined
  upstream: UpstreamState | undefined
  state: OutputState
}

export interface OutputTotal {
  id: string
  /** As its gateways have it; more than one where they do not run the same. */
  types: string[]
  /** The worst of its gateways. */
  state: OutputState
  /** On so many gateways it is in that state. */
  inState: number
  gateways: OutputAt[]
  forwarded: Amount | null
  delivered: Amount | null
  queue: { bytes: number; max: number }
  /** Null: no gateway keeps any. */
  spool: { bytes: number; max: number } | null
  retries: number
  deadLetters: Amount | null
  lastError: (NonNullable<OutputBooks['last_error']> & { gateway: string }) | null
}

export function outputsOf(entries: readonly LiveEntry[]): OutputTotal[] {
  const found = new Map<string, OutputAt[]>()
  for (const { gateway, at, stats, rates } of entries) {
    const upstreams = stats.upstreams ?? []
    for (const books of stats.outputs) {
      const rate = rates?.outputs.find(({ id }) => id === books.id)
      const one: OutputAt = {
        gateway,
        at,
        books,
        rates: rate,
        upstream: upstreamOf(books, upstreams),
        state: outputStateOf(books, upstreams, rate),
      }
      found.set(books.id, [...(found.get(books.id) ?? []), one])
    }
  }
  return [...found].map(([id, gateways]) => totalOf(id, gateways)).sort((a, b) => a.id.localeCompare(b.id))
}

/** What does not deliver stands before what does; among each other they keep their places, whatever comes and goes. */
export function troubledFirst(outputs: readonly OutputTotal[]): OutputTotal[] {
  const isWell = ({ state }: OutputTotal) => state === 'delivering' || state === 'idle'
  return [...outputs].sort((a, b) => Number(isWell(a)) - Number(isWell(b)))
}

function totalOf(id: string, gateways: OutputAt[]): OutputTotal {
  const state = worstOf(gateways.map((one) => one.state))
  const spools = gateways.flatMap(({ books: { spool } }) => (spool === null ? [] : [spool]))
  const letters = gateways.flatMap(({ books: { dead_letters } }) => (dead_letters === null ? [] : [dead_letters]))
  const rates = gateways.flatMap(({ rates: one }) => (one === undefined ? [] : [one]))
  const errors = gateways.flatMap(({ gateway, books: { last_error } }) =>
    last_error === null ? [] : [{ ...last_error, gateway }],
  )
  return {
    id,
    types: [...new Set(gateways.map(({ books }) => books.type))],
    state,
    inState: gateways.filter((one) => one.state === state).length,
    gateways,
    forwarded: rates.length === 0 ? null : sumOf(rates.map(({ forwarded }) => forwarded)),
    delivered: rates.length === 0 ? null : sumOf(rates.map(({ delivered }) => delivered)),
    queue: {
      bytes: sum(gateways.map(({ books }) => books.queue.bytes)),
      max: sum(gateways.map(({ books }) => books.queue.bytes_max)),
    },
    spool:
      spools.length === 0
        ? null
        : { bytes: sum(spools.map(({ bytes }) => bytes)), max: sum(spools.map(({ bytes_max }) => bytes_max)) },
    retries: sum(gateways.map(({ books }) => books.retries)),
    deadLetters: letters.length === 0 ? null : sumOf(letters),
    lastError: errors.sort((a, b) => b.at - a.at)[0] ?? null,
  }
}

function sumOf(amounts: readonly Amount[]): Amount {
  return { records: sum(amounts.map(({ records }) => records)), bytes: sum(amounts.map(({ bytes }) => bytes)) }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
