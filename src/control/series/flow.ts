/** What went through one configuration on one day, and where it leads: what savings are computed from. */
import type { Price } from '#contract/savings.ts'
import type { SumRow } from './reading.ts'

export interface RoutedOutput {
  output: string
  type: string
  /** Encoded bytes for each byte that its pipelines forwarded, and records for each record. */
  ratio: { bytes: number; records: number }
  /** Undefined: nobody has said one. */
  price: Price | undefined
}

export interface PipelineFlow {
  pipeline: string
  /** A sum of rows of `series_pipelines`. */
  books: SumRow
  /** Sums of rows of `series_rules`, the largest ones. */
  rules: SumRow[]
  /** Shares of what did not go on. */
  services: { service: string; samples: number; records: number; bytes: number }[]
  outputs: RoutedOutput[]
}

export interface FlowDay {
  /** Begin of the day (UTC), Unix milliseconds. */
  at: number
  configuration: string
  pipelines: PipelineFlow[]
  /** Sums of rows of `series_outputs`. */
  outputs: SumRow[]
  /** By pipeline: its outputs. */
  fed: Map<string, string[]>
}

export interface Feed {
  sent: { records: number; bytes: number }
  /** What the output's pipelines forwarded. */
  fed: { records: number; bytes: number }
}

/** By output. */
export function feedsOf(
  sent: readonly SumRow[],
  books: readonly SumRow[],
  routes: ReadonlyMap<string, readonly string[]>,
): Map<string, Feed> {
  const feeds = new Map<string, Feed>()
  const feedOf = (output: string) => {
    const feed = feeds.get(output) ?? { sent: { records: 0, bytes: 0 }, fed: { records: 0, bytes: 0 } }
    feeds.set(output, feed)
    return feed
  }
  for (const row of sent) {
    const { sent: sums } = feedOf(String(row['output']))
    sums.records += row['forwarded_records'] as number
    sums.bytes += row['forwarded_bytes'] as number
  }
  for (const row of books)
    for (const output of routes.get(String(row['pipeline'])) ?? []) {
      const { fed } = feedOf(output)
      fed.records += row['forwarded_records'] as number
      fed.bytes += row['forwarded_bytes'] as number
    }
  return feeds
}

/** By output; only of those that have sent something of what their pipelines forwarded. */
export function ratesAt(
  sent: readonly SumRow[],
  books: readonly SumRow[],
  routes: ReadonlyMap<string, readonly string[]>,
): Map<string, { bytes: number; records: number }> {
  const rates = new Map<string, { bytes: number; records: number }>()
  for (const [output, { sent: out, fed }] of feedsOf(sent, books, routes))
    if (fed.bytes > 0 && fed.records > 0 && out.records > 0)
      rates.set(output, { bytes: out.bytes / fed.bytes, records: out.records / fed.records })
  return rates
}
