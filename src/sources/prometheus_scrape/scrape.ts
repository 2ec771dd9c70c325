/** One target, scrape after scrape: which series it has, and which it has no more. */
import { parseExposition, type Sample } from '#codecs/exposition/parser.ts'
import { putMetricRecord } from '#codecs/metric/decoder.ts'
import { Flag, HEADER_BYTES, Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { writeMeaning } from '#codecs/remote_write/meaning.ts'
import { STALE_NAN } from '#codecs/remote_write/stale.ts'
import { allocate, type Bytes, fromText, latin1, latin1ToBytes } from '#std/bytes.ts'
import type { Fetched } from './fetch.ts'
import type { Target } from './targets.ts'

export interface ScrapeOptions {
  honorLabels: boolean
  honorTimestamps: boolean
  sampleLimit: number
}

const LENGTH_BYTES = 4
const STALE = Buffer.from(STALE_NAN)
const TIME_MS_MAX = 2 ** 44

/**
 * Records one behind the other, each after its length: as the decoder `metric_records` reads them, cut into entries.
 */
export interface Records {
  bytes: Bytes
  /** Where entries of at most the size asked for end. */
  cuts: number[]
  count: number
}

export class ScrapedTarget {
  readonly target: Target
  readonly #options: ScrapeOptions
  readonly #own: readonly (readonly [name: Bytes, value: Bytes])[]
  readonly #ownNames: ReadonlySet<string>
  /** Labels of the series of the scrape before, one character per byte. */
  #series = new Set<string>()
  #writer = new MetricWriter()
  readonly #ends: number[] = []

  constructor(target: Target, options: ScrapeOptions) {
    this.target = target
    this.#options = options
    this.#own = Object.entries(target.labels).map(([name, value]) => [fromText(name), fromText(value)])
    this.#ownNames = new Set(Object.keys(target.labels).map((name) => latin1(fromText(name), 0, fromText(name).length)))
  }

  /** What a scrape that began at `timeMs` and took `seconds` brought. `problem`: why it counts as failed. */
  take(
    fetched: Fetched,
    timeMs: number,
    seconds: number,
    entryBytes: number,
  ): { records: Records; problem: string | undefined } {
    this.#begin()
    const before = this.#series
    this.#series = new Set()
    let samples = 0
    let problem = fetched.ok ? undefined : fetched.message
    if (fetched.ok) {
      problem = parseExposition(fetched.body, fetched.format, (sample) => {
        samples++
        if (samples <= this.#options.sampleLimit) this.#sample(sample, timeMs)
        return samples <= this.#options.sampleLimit
      })
      if (samples > this.#options.sampleLimit) problem = `it has more than ${this.#options.sampleLimit} samples`
    }
    if (problem !== undefined) {
      // All or nothing: what was understood until then is as good as not there.
      this.#begin()
      this.#series = new Set()
    }
    for (const labels of before) if (!this.#series.has(labels)) this.#stale(labels, timeMs)
    this.#report('up', problem === undefined ? 1 : 0, timeMs)
    this.#report('scrape_duration_seconds', seconds, timeMs)
    this.#report('scrape_samples_scraped', fetched.ok ? samples : 0, timeMs)
    return { records: this.#records(entryBytes), problem }
  }

  /** It is not scraped any more: all its series end. */
  end(timeMs: number, entryBytes: number): Records {
    this.#begin()
    for (const labels of this.#series) this.#stale(labels, timeMs)
    this.#series = new Set()
    for (const name of ['up', 'scrape_duration_seconds', 'scrape_samples_scraped']) {
      this.#report(name, Number.NaN, timeMs, true)
    }
    return this.#records(entryBytes)
  }

  #begin(): void {
    this.#writer.begin()
    this.#ends.length = 0
  }

  #sample({ name, labels, value, timeMs, exemplar, meaning }: Sample, scrapedMs: number): void {
    const writer = this.#writer
    const start = writer.at
    const { honorLabels, honorTimestamps } = this.#options
    const hasTime = honorTimestamps && timeMs !== undefined && timeMs >= 0 && timeMs <= TIME_MS_MAX
    writer.start(meaning.kind, meaning.temporality, meaning.flags)
    writer.name(name)
    const shown = new Set<string>()
    for (const { name: label, value: text } of labels) {
      const isOwn = this.#ownNames.has(latin1(label, 0, label.length))
      if (isOwn && honorLabels) shown.add(latin1(label, 0, label.length))
      if (text.length === 0) continue
      const exported = isOwn && !honorLabels ? exportedName(label, labels) : label
      writer.label(exported, 0, exported.length, text, 0, text.length)
    }
    for (const [label, text] of this.#own) {
      if (!shown.has(latin1(label, 0, label.length))) writer.label(label, 0, label.length, text, 0, text.length)
    }
    writer.value(value)
    writer.time(hasTime ? timeMs : scrapedMs)
    writeMeaning(writer, meaning)
    if (exemplar !== undefined) writer.field(MetricField.EXEMPLAR, exemplar)
    writer.end()
    this.#ends.push(writer.at)
    if (hasTime) return
    // Series that tell their own time end when their exporter says so.
    const length = writer.bytes.readUInt32LE(start + 4)
    this.#series.add(latin1(writer.bytes, start + HEADER_BYTES, start + HEADER_BYTES + length))
  }

  #report(name: string, value: number, timeMs: number, isStale = false): void {
    const writer = this.#writer
    writer.start(Kind.gauge, Temporality.NONE, isStale ? Flag.PROMETHEUS | Flag.STALE : Flag.PROMETHEUS)
    writer.labelText('__name__', name)
    for (const [label, text] of this.#own) writer.label(label, 0, label.length, text, 0, text.length)
    writer.value(value)
    if (isStale) writer.valueBytes(STALE, 0)
    writer.time(timeMs)
    writer.end()
    this.#ends.push(writer.at)
  }

  #stale(labels: string, timeMs: number): void {
    const writer = this.#writer
    const bytes = latin1ToBytes(labels)
    writer.start(Kind.unknown, Temporality.NONE, Flag.PROMETHEUS | Flag.STALE)
    writer.labelsCopy(bytes, 0, bytes.length)
    writer.valueBytes(STALE, 0)
    writer.time(timeMs)
    writer.end()
    this.#ends.push(writer.at)
  }

  #records(entryBytes: number): Records {
    const { bytes: written, at } = this.#writer
    const bytes = allocate(at + LENGTH_BYTES * this.#ends.length)
    const cuts: number[] = []
    let [from, write, cut, count] = [0, 0, 0, 0]
    for (const end of this.#ends) {
      const length = LENGTH_BYTES + end - from
      if (length <= entryBytes) {
        if (write + length - cut > entryBytes) {
          cuts.push(write)
          cut = write
        }
        write = putMetricRecord(written, from, end, bytes, write)
        count++
      }
      from = end
    }
    if (write > cut) cuts.push(write)
    return { bytes, cuts, count }
  }
}

const EXPORTED = 'exported_'

/** As Prometheus renames what a label of the target hides. */
function exportedName(label: Bytes, labels: Sample['labels']): Bytes {
  let name = `${EXPORTED}${latin1(label, 0, label.length)}`
  while (labels.some((other) => latin1(other.name, 0, other.name.length) === name)) name = EXPORTED + name
  return latin1ToBytes(name)
}
