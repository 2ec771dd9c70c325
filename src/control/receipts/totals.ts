/** What a receipt sums up over all pipelines. */
import { type EventFacts, EventTexts } from '#codecs/event/event-of.ts'
import { severityName } from '#codecs/event/level.ts'
import type { RecordText } from '#contract/observation.ts'
import type { Receipt } from '#contract/receipt.ts'
import { Comparison, rounded, type Side } from './comparison.ts'
import { ERROR_FROM, Groups, largest, OTHER, serviceName } from './groups.ts'
import type { ReceiptPipeline } from './input.ts'
import { Money } from './money.ts'
import { Quantity } from './scale.ts'
import type { Stratum } from './stratum.ts'

export interface Accounted {
  stratum: number
  facts: EventFacts
  bytesIn: number
  live: Side & { outputs: ReadonlySet<string> }
  candidate: Side & { outputs: ReadonlySet<string> }
  pipeline: string
  /** The candidate's rule that ends it. */
  endedBy: string | null
}

export class Totals {
  readonly in: Quantity
  readonly out: Comparison
  readonly money: Money
  readonly services: Groups
  readonly severities: Groups
  readonly #strata: readonly Stratum[]
  readonly #named: Set<string>
  readonly #lost: Quantity
  readonly #regained: Quantity
  readonly #lostBy = new Map<string, { pipeline: string; rule: string; quantity: Quantity }>()
  readonly #texts = new EventTexts()

  constructor(pipelines: readonly ReceiptPipeline[], strata: readonly Stratum[]) {
    this.#strata = strata
    this.in = new Quantity(strata)
    this.out = new Comparison(strata)
    this.money = new Money(strata)
    this.services = new Groups(strata)
    this.severities = new Groups(strata)
    this.#lost = new Quantity(strata)
    this.#regained = new Quantity(strata)
    this.#named = this.#survey(pipelines)
  }

  /** What a record's text says of itself. */
  factsOf({ text, base64 }: RecordText): EventFacts {
    // Bytes that are no text say nothing.
    return this.#texts.read(text ?? (base64 === undefined ? '' : '\u{fffd}'))
  }

  add(record: Accounted): void {
    const { stratum, facts, bytesIn, live, candidate } = record
    this.in.add(stratum, 1, bytesIn, bytesIn)
    this.out.add(stratum, live, candidate, bytesIn)
    this.money.add(stratum, live, candidate, bytesIn)
    const service = serviceName(facts.service)
    this.services.add(this.#named.has(service) ? service : OTHER, stratum, live, candidate, bytesIn)
    this.severities.add(severityName(facts.severity), stratum, live, candidate, bytesIn)
    if (facts.severity < ERROR_FROM || live.records === candidate.records) return
    if (live.records === 0) {
      this.#regained.add(stratum, 1, candidate.bytes, bytesIn)
      return
    }
    this.#lost.add(stratum, 1, live.bytes, bytesIn)
    this.#lostByRule(record).add(stratum, 1, live.bytes, bytesIn)
  }

  lostErrors(): Receipt['lost_errors'] {
    return {
      lost: rounded(this.#lost.records()),
      regained: rounded(this.#regained.records()),
      sampled: this.#lost.hits,
      by_rule: [...this.#lostBy.values()].map(({ pipeline, rule, quantity }) => ({
        pipeline,
        rule,
        records: rounded(quantity.records()),
      })),
    }
  }

  #lostByRule({ pipeline, endedBy }: Accounted): Quantity {
    const rule = endedBy ?? ''
    const key = `${pipeline}\n${rule}`
    let entry = this.#lostBy.get(key)
    if (entry === undefined) {
      entry = { pipeline, rule, quantity: new Quantity(this.#strata) }
      this.#lostBy.set(key, entry)
    }
    return entry.quantity
  }

  /** The services that get a row: it takes a look at all records first. */
  #survey(pipelines: readonly ReceiptPipeline[]): Set<string> {
    const bytes = new Map<string, number>()
    for (const { samples } of pipelines) {
      for (const { windows } of samples) {
        for (const { records } of windows) {
          for (const record of records) {
            const name = serviceName(this.factsOf(record.before).service)
            bytes.set(name, (bytes.get(name) ?? 0) + record.bytes_in)
          }
        }
      }
    }
    return largest(bytes)
  }
}
