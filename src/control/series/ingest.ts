/**
 * Takes what gateways say of their books into the series. What is new is added to the rows of its minute in the same
 * transaction that remembers what was told, so nothing is counted twice or lost, whatever happens in between.
 */

import type { SampleWindow } from '#contract/observation.ts'
import type { NodeStats } from '#contract/stats.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { ControlContext } from '../context.ts'
import type { Tx } from '../store/database.ts'
import { type Baseline, emptyBaseline, type News, newsOf } from './baseline.ts'
import { Baselines } from './baselines.ts'
import { columns, gaugeColumns, shortened } from './counters.ts'
import { estimate } from './estimates.ts'
import { gatewayNow, gatewayTotals, heldPipelines } from './gateway-totals.ts'
import { Limits } from './limits.ts'
import { Rows, writeInPieces } from './rows.ts'
import { minuteOf, minutesOf, partOf } from './spread.ts'

/** What one gateway has sent. `at`: when it arrived, Unix milliseconds. */
export interface Arrival {
  org: string
  gateway: string
  configuration: string
  stats: NodeStats
  windows: readonly SampleWindow[]
  at: number
}

/** Sample records that one transaction looks at, over all windows; and at least so many of each. */
const SAMPLES_MAX = 2000
const SAMPLES_OF_WINDOW_MIN = 4
/** Columns behind the counters. */
const MORE = { pipelines: ['held'], rules: [], outputs: gaugeColumns } as const
/** Rows in one transaction. */
const WEIGHTS_AT_ONCE = 50

interface Pending {
  rows: Rows
  weights: Rows
}

export class SeriesWriter {
  readonly #context: Pick<ControlContext, 'db' | 'dialect'>
  readonly #limits = new Limits()
  readonly #baselines: Baselines
  /** Not written yet. Only their shares mean something, so it does no harm if some are lost. */
  readonly #weights = new Rows()

  constructor(context: Pick<ControlContext, 'db' | 'dialect'>) {
    this.#context = context
    this.#baselines = new Baselines(context.dialect)
  }

  /** One transaction. Rejects when the store does; then nothing of it has happened, and it can be tried again. */
  async write(arrivals: readonly Arrival[]): Promise<void> {
    if (arrivals.length === 0) return
    // By gateway, so that all controllers lock in the same order.
    const ordered = arrivals.toSorted((a, b) => compare(a.org, b.org) || compare(a.gateway, b.gateway) || a.at - b.at)
    const windows = arrivals.reduce((sum, { windows }) => sum + windows.length, 0)
    const samplesMax = Math.max(SAMPLES_OF_WINDOW_MIN, Math.floor(SAMPLES_MAX / Math.max(1, windows)))
    const pending: Pending = { rows: new Rows(), weights: new Rows() }
    try {
      await this.#context.db.transaction().execute(async (tx) => {
        await this.#baselines.load(tx, ordered)
        for (const arrival of ordered) await this.#take(tx, pending, arrival, samplesMax)
        await this.#baselines.store(tx)
        await pending.rows.write(tx)
      })
      this.#baselines.committed()
      this.#weights.addAll(pending.weights)
    } catch (error) {
      this.#baselines.rolledBack()
      throw error
    }
  }

  /** What services and severities weigh, since the last time. Rejects when the store does; what is left waits. */
  async writeWeights(): Promise<void> {
    await writeInPieces(this.#context.db, this.#weights, WEIGHTS_AT_ONCE)
  }

  async #take(tx: Tx, pending: Pending, arrival: Arrival, samplesMax: number): Promise<void> {
    const { org, gateway, stats, at } = arrival
    const run = this.#baselines.run(org, gateway, stats.started_at)
    const latest = this.#baselines.latest(org, gateway)
    const known = run?.state ?? following(latest?.state)
    const news = newsOf(known, stats, minuteOf(at))
    if (news === undefined) return
    const held = heldPipelines(stats)
    // One that tells nothing new is noted once in a minute: it was heard.
    const isSilent = news.counters.length === 0 && news.gauges.length === 0 && held.length === 0
    if (isSilent && run !== undefined && minuteOf(run.seenAt) === minuteOf(at)) return
    const since = Math.max(latest?.seenAt ?? 0, Math.min(stats.started_at, at))
    const sampledTo = await this.#note(tx, pending, arrival, news, since, samplesMax)
    const state = { ...news.baseline, sampledTo }
    this.#baselines.keep({ org, gateway, startedAt: stats.started_at, seenAt: at, revision: uuidv7(at), state })
  }

  /** Returns up to when samples have been counted. */
  async #note(
    tx: Tx,
    { rows, weights }: Pending,
    arrival: Arrival,
    news: News,
    since: number,
    samplesMax: number,
  ): Promise<number> {
    const { org, gateway, configuration, windows, at } = arrival
    const names = await this.#limits.hour(tx, org, configuration, at)
    const minutes = minutesOf(since, at)
    const now = minuteOf(at)
    const pipelineOf = (id: string) => names.admit('pipelines', [id])[0]!
    for (const { kind, names: told, values } of news.counters) {
      const placed = kind === 'outputs' ? told : [pipelineOf(told[0]!), ...told.slice(1)]
      const admitted = kind === 'pipelines' ? placed : names.admit(kind, placed)
      const padded = [...values, ...MORE[kind].map(() => 0)]
      addSpread(minutes, padded, (minute, parts) => rows.add(kind, org, configuration, minute, admitted, parts))
    }
    for (const { names: told, values } of news.gauges) {
      const admitted = names.admit('outputs', told)
      rows.add('outputs', org, configuration, now, admitted, [...columns.outputs.map(() => 0), ...values])
    }
    const held = heldPipelines(arrival.stats)
    for (const id of held) {
      const values = [...columns.pipelines.map(() => 0), 1]
      rows.add('pipelines', org, configuration, now, [pipelineOf(shortened(id))], values)
    }
    const totals = gatewayTotals(news.counters)
    const admitted = names.admit('gateways', [gateway])
    addSpread(minutes, totals, (minute, parts) => rows.add('gateways', org, configuration, minute, admitted, parts))
    rows.add('gateways', org, configuration, now, admitted, gatewayNow(news.gauges, held))
    const sampled = estimate(news.counters, windows, news.baseline.sampledTo, samplesMax)
    for (const { dimension, pipeline, name, samples, values } of sampled.estimates) {
      const [first, second] = names.admit(dimension, [pipelineOf(pipeline), name])
      const placed = [dimension, first!, second!]
      // Weights need no whole parts: each minute gets the same.
      const each = minutes.length === 1 ? values : values.map((value) => value / minutes.length)
      minutes.forEach((minute, i) => {
        const counted = i === minutes.length - 1 ? samples : 0
        weights.add('estimates', org, configuration, minute, placed, [counted, ...each])
      })
    }
    return sampled.sampledTo
  }
}

/** For a run that is new: all of its counters are news, but what stands in the row of this minute is the last run's. */
function following(latest: Baseline | undefined): Baseline {
  const { minute, gauges, sampledTo } = latest ?? emptyBaseline()
  return { ...emptyBaseline(), minute, gauges, sampledTo }
}

function addSpread(
  minutes: readonly number[],
  values: readonly number[],
  add: (minute: number, parts: readonly number[]) => void,
): void {
  if (minutes.length === 1) {
    add(minutes[0]!, values)
    return
  }
  minutes.forEach((minute, i) => {
    const parts = values.map((value) => partOf(value, i, minutes.length))
    if (parts.some((part) => part !== 0)) add(minute, parts)
  })
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
