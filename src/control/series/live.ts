/** What gateways have said last, in the memory of the controller that they talk to, with what happens each second. */
import type { LiveEntry, Rates } from '#contract/series.ts'
import type { Amount, NodeStats } from '#contract/stats.ts'
import type { Clock } from '#std/clock.ts'

/** More gateways are shown by the series only. */
const GATEWAYS_MAX = 20_000
/** A gateway that has been silent for so long is not shown. */
const SILENT_MS = 5 * 60_000
/** Two messages that are closer than this say nothing of a rate. */
const RATE_OVER_MS_MIN = 500

export class LiveStats {
  readonly #clock: Clock
  readonly #entries = new Map<string, Map<string, LiveEntry>>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(org: string, gateway: string, configuration: string, stats: NodeStats): void {
    const at = this.#clock.wall()
    const gateways = this.#entries.get(org) ?? new Map<string, LiveEntry>()
    const before = gateways.get(gateway)
    if (before === undefined) {
      if (this.#count >= GATEWAYS_MAX) this.#forgetSilent()
      if (this.#count >= GATEWAYS_MAX) return
      this.#count++
    }
    const elapsed = at - (before?.at ?? at)
    const isNextOfRun = before !== undefined && before.stats.started_at === stats.started_at
    const rates = isNextOfRun
      ? elapsed >= RATE_OVER_MS_MIN
        ? ratesOf(before.stats, stats, elapsed / 1000)
        : before.rates
      : null
    // Two that come at once: the time since the one before stays what the rate is taken over.
    if (isNextOfRun && elapsed < RATE_OVER_MS_MIN) gateways.set(gateway, { ...before, configuration })
    else gateways.set(gateway, { gateway, configuration, at, stats, rates })
    this.#entries.set(org, gateways)
  }

  /** Of one organisation, by gateway. */
  list(org: string, configuration?: string): LiveEntry[] {
    const since = this.#clock.wall() - SILENT_MS
    return [...(this.#entries.get(org)?.values() ?? [])]
      .filter((entry) => entry.at >= since && (configuration === undefined || entry.configuration === configuration))
      .sort((a, b) => (a.gateway < b.gateway ? -1 : 1))
  }

  /** Those that some gateway has which was heard lately. */
  configurations(): { org: string; configuration: string }[] {
    return [...this.#entries.keys()].flatMap((org) => {
      const names = new Set(this.list(org).map(({ configuration }) => configuration))
      return [...names].map((configuration) => ({ org, configuration }))
    })
  }

  get(org: string, gateway: string): LiveEntry | undefined {
    return this.#entries.get(org)?.get(gateway)
  }

  /** For a gateway that was removed. */
  forget(org: string, gateway: string): void {
    if (this.#entries.get(org)?.delete(gateway)) this.#count--
  }

  #forgetSilent(): void {
    const since = this.#clock.wall() - SILENT_MS
    for (const [org, gateways] of this.#entries)
      for (const { gateway, at } of gateways.values()) if (at < since) this.forget(org, gateway)
  }
}

function ratesOf(before: NodeStats, after: NodeStats, seconds: number): Rates {
  // Counters that begin again at a reload have no rate yet.
  const rate = (now: Amount, then: Amount | undefined): Amount => ({
    records: Math.max(0, now.records - (then?.records ?? 0)) / seconds,
    bytes: Math.max(0, now.bytes - (then?.bytes ?? 0)) / seconds,
  })
  const pipelines = new Map(before.pipelines.map((pipeline) => [pipeline.id, pipeline]))
  const outputs = new Map(before.outputs.map((output) => [output.id, output]))
  return {
    pipelines: after.pipelines.map((pipeline) => {
      const then = pipelines.get(pipeline.id)
      const rules = new Map(then?.rules.map((rule) => [rule.id, rule]))
      return {
        id: pipeline.id,
        in: rate(pipeline.in, then?.in),
        out: rate(pipeline.forwarded, then?.forwarded),
        rules: pipeline.rules.map((rule) => ({
          id: rule.id,
          ended: rate(rule.ended, rules.get(rule.id)?.ended),
          edited: {
            ...rate(rule.edited, rules.get(rule.id)?.edited),
            bytes: (rule.edited.bytes - (rules.get(rule.id)?.edited.bytes ?? 0)) / seconds,
          },
        })),
      }
    }),
    outputs: after.outputs.map((output) => {
      const then = outputs.get(output.id)
      return {
        id: output.id,
        forwarded: rate(output.forwarded, then?.forwarded),
        delivered: rate(output.delivered, then?.delivered),
      }
    }),
  }
}
