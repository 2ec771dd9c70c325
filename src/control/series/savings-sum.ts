/**
 * Adds up what days have saved. All parts of one pipeline and day are priced at the same rates, so what the rules, the
 * kinds, the outputs and the services saved is each time the same money, divided in another way.
 */
import type { Money, Price, SavedKind, Savings } from '#contract/savings.ts'
import { savedKinds } from '#contract/savings.ts'
import { apportion } from './apportion.ts'
import { UNKNOWN } from './estimated-series.ts'
import { type Feed, type FlowDay, feedsOf, type PipelineFlow, type RoutedOutput } from './flow.ts'
import { ratesOf } from './prices.ts'
import type { SumRow } from './reading.ts'

interface Amount {
  records: number
  bytes: number
}

interface Part {
  saved: Amount
  money: Map<string, number>
}

/** Services that are listed, beside the unknown and the other ones. */
type RuleLabels = Pick<Savings['by_rule'][number], 'configuration' | 'pipeline' | 'rule' | 'type' | 'what'>
type Lost = Savings['by_output'][number]['lost']

interface OutputPart extends Part, Feed {
  configuration: string
  output: string
  type: string
  prices: Map<string, Price>
  lost: Lost
}

export class SavingsSum {
  readonly #in = none()
  readonly #forwarded = none()
  readonly #all = part()
  readonly #kinds = new Map<SavedKind, Part>()
  readonly #rules = new Map<string, Part & RuleLabels>()
  readonly #outputs = new Map<string, OutputPart>()
  readonly #services = new Map<string, Part & { samples: number }>()
  readonly #notCounted = { bypassed: none(), quarantined: none(), rejected: none(), overwritten: none() }

  add(day: FlowDay): void {
    for (const flow of day.pipelines) this.#addPipeline(day.configuration, flow)
    const books = day.pipelines.map(({ books }) => books)
    for (const [output, { sent, fed }] of feedsOf(day.outputs, books, day.fed)) {
      const found = this.#output(day.configuration, output, '')
      addAmount(found.sent, sent)
      addAmount(found.fed, fed)
    }
    for (const row of day.outputs) {
      const { lost } = this.#output(day.configuration, String(row['output']), String(row['type']))
      for (const name of ['overwritten', 'expired', 'rejected', 'lost'] as const)
        addAmount(lost[name], amountIn(row, name))
    }
  }

  answer(from: number, to: number): Savings {
    return {
      from,
      to,
      in: this.#in,
      forwarded: this.#forwarded,
      ...shown(this.#all),
      by_kind: savedKinds.map((kind) => ({ kind, ...shown(this.#kinds.get(kind) ?? part()) })),
      by_rule: bySize(this.#rules.values()).map(({ saved, money, ...labels }) => ({
        ...labels,
        ...shown({ saved, money }),
      })),
      by_output: bySize(this.#outputs.values()).map(({ sent, fed, prices, saved, money, ...labels }) => ({
        ...labels,
        ...shown({ saved, money }),
        ratio:
          fed.bytes > 0 && fed.records > 0
            ? { bytes: sent.bytes / fed.bytes, records: sent.records / fed.records }
            : null,
        prices: [...prices.values()]
          .sort((a, b) => (a.since < b.since ? -1 : 1))
          .map(({ id, since, currency, per_gb, unit, per_million_events }) => ({
            id,
            since,
            currency,
            per_gb,
            unit,
            per_million_events,
          })),
      })),
      by_service: [...this.#services]
        .sort(([, a], [, b]) => b.saved.bytes - a.saved.bytes)
        .map(([service, { samples, ...rest }]) => ({ service, estimated: true as const, samples, ...shown(rest) })),
      not_counted: this.#notCounted,
    }
  }

  #addPipeline(configuration: string, { pipeline, books, rules, services, outputs }: PipelineFlow): void {
    addAmount(this.#in, amountIn(books, 'in'))
    addAmount(this.#forwarded, amountIn(books, 'forwarded'))
    for (const name of ['bypassed', 'quarantined', 'rejected', 'overwritten'] as const)
      addAmount(this.#notCounted[name], amountIn(books, name))
    const total = none()
    for (const kind of savedKinds) {
      const saved = savedBy(books, kind)
      addAmount(total, saved)
      addPriced(entry(this.#kinds, kind, part), saved, outputs)
    }
    addPriced(this.#all, total, outputs)
    this.#addRules(configuration, pipeline, books, rules, total, outputs)
    this.#addServices(services, total, outputs)
    for (const to of outputs) {
      const found = this.#output(configuration, to.output, to.type)
      addAmount(found.saved, { records: total.records * to.ratio.records, bytes: total.bytes * to.ratio.bytes })
      addMoney(found.money, total, [to])
      if (to.price !== undefined) found.prices.set(to.price.id, to.price)
    }
  }

  #addRules(
    configuration: string,
    pipeline: string,
    books: SumRow,
    rules: readonly SumRow[],
    total: Amount,
    outputs: readonly RoutedOutput[],
  ): void {
    const rest = { ...total }
    const add = (labels: Pick<RuleLabels, 'rule' | 'type' | 'what'>, saved: Amount) => {
      rest.records -= saved.records
      rest.bytes -= saved.bytes
      if (saved.records === 0 && saved.bytes === 0) return
      const key = [configuration, pipeline, labels.what, labels.rule, labels.type].join('\0')
      const found = entry(this.#rules, key, () => ({ configuration, pipeline, ...labels, ...part() }))
      addPriced(found, saved, outputs)
    }
    for (const row of rules) {
      const ended = amountIn(row, 'ended')
      const labels = { rule: String(row['rule']), type: String(row['type']), what: 'rule' as const }
      add(labels, { records: ended.records, bytes: ended.bytes - (row['edited_bytes'] as number) })
    }
    add({ rule: null, type: null, what: 'emitted' }, savedBy(books, 'emitted'))
    add({ rule: null, type: null, what: 'other' }, { ...rest })
  }

  #addServices(services: PipelineFlow['services'], total: Amount, outputs: readonly RoutedOutput[]): void {
    const records = apportion(total.records, weights(services, 'records'))
    const bytes = apportion(total.bytes, weights(services, 'bytes'))
    const add = (service: string, samples: number, saved: Amount) => {
      if (samples === 0 && saved.records === 0 && saved.bytes === 0) return
      const found = entry(this.#services, service, () => ({ samples: 0, ...part() }))
      found.samples += samples
      addPriced(found, saved, outputs)
    }
    services.forEach(({ service, samples }, i) => {
      add(service, samples, { records: records?.[i] ?? 0, bytes: bytes?.[i] ?? 0 })
    })
    const left = { records: records === undefined ? total.records : 0, bytes: bytes === undefined ? total.bytes : 0 }
    add(UNKNOWN, 0, left)
  }

  #output(configuration: string, output: string, type: string): OutputPart {
    const found = entry(this.#outputs, `${configuration}\0${output}`, () => ({
      configuration,
      output,
      type,
      ...part(),
      sent: none(),
      fed: none(),
      prices: new Map<string, Price>(),
      lost: { overwritten: none(), expired: none(), rejected: none(), lost: none() },
    }))
    if (type !== '') found.type = type
    return found
  }
}

/** Edits that add bytes, and records that rules make of others, count against what was saved. */
function savedBy(books: SumRow, kind: SavedKind): Amount {
  const { records, bytes } = amountIn(books, kind)
  if (kind === 'edited') return { records: 0, bytes: bytes === 0 ? 0 : -bytes }
  if (kind === 'emitted') return { records: records === 0 ? 0 : -records, bytes: bytes === 0 ? 0 : -bytes }
  return { records, bytes }
}

const weights = (services: PipelineFlow['services'], of: 'records' | 'bytes') => services.map((service) => service[of])
const none = (): Amount => ({ records: 0, bytes: 0 })
const part = (): Part => ({ saved: none(), money: new Map() })

function amountIn(row: SumRow, name: string): Amount {
  return { records: row[`${name}_records`] as number, bytes: row[`${name}_bytes`] as number }
}

function addAmount(sum: Amount, { records, bytes }: Amount): void {
  sum.records += records
  sum.bytes += bytes
}

function addPriced(found: Part, saved: Amount, outputs: readonly RoutedOutput[]): void {
  addAmount(found.saved, saved)
  addMoney(found.money, saved, outputs)
}

function addMoney(money: Map<string, number>, saved: Amount, outputs: readonly RoutedOutput[]): void {
  for (const { ratio, price } of outputs) {
    if (price === undefined) continue
    const { perByte, perRecord } = ratesOf(price)
    const amount = saved.bytes * ratio.bytes * perByte + saved.records * ratio.records * perRecord
    money.set(price.currency, (money.get(price.currency) ?? 0) + amount)
  }
}

function shown({ saved, money }: Part): { saved: Amount; money: Money } {
  const amounts = [...money].sort(([a], [b]) => (a < b ? -1 : 1))
  return { saved, money: amounts.map(([currency, amount]) => ({ currency, amount })) }
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function bySize<Entry extends Part>(entries: Iterable<Entry>): Entry[] {
  return [...entries].sort((a, b) => b.saved.bytes - a.saved.bytes)
}
