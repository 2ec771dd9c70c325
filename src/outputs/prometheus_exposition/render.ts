/**
 * What a scrape gets: text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) or OpenMetrics 1.0
 * (prometheus.io/docs/specs/om/open_metrics_spec). Families by name, series in the order in which they were told of.
 */
import { numberText } from '#codecs/remote_write/expand.ts'
import { type FamilyType, familyTypes } from '#codecs/remote_write/meaning.ts'
import { allocate, type Bytes, copyBytes, writeLatin1 } from '#std/bytes.ts'
import type { ExposedSeries, Family } from './exposed-series.ts'

export type Format = 'text' | 'openmetrics'

export const contentTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** So many are written before others have their turn on the thread. */
const SERIES_AT_ONCE = 2_000

/** What `Accept` asks for (RFC 9110, section 12.5.1). */
export function formatFor(accept: string | undefined): Format {
  let [text, openmetrics] = [0, 0]
  for (const range of (accept ?? '').split(',')) {
    const [media, ...parameters] = range.toLowerCase().split(';')
    const quality = Number(
      /^\s*q\s*=\s*([\d.]+)/.exec(parameters.find((each) => /^\s*q\s*=/.test(each)) ?? '')?.[1] ?? 1,
    )
    const version = /version\s*=\s*"?([\d.]+)/.exec(parameters.join(';'))?.[1]
    const name = media!.trim()
    if (name === 'application/openmetrics-text' && (version === undefined || /^(1\.0\.\d+|0\.0\.1)$/.test(version)))
      openmetrics = Math.max(openmetrics, quality)
    if (name === 'text/plain' || name === '*/*' || name === 'text/*') text = Math.max(text, quality)
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text'
}

export async function render(series: ExposedSeries, format: Format, timestamps: boolean): Promise<Bytes> {
  const writer = new TextWriter()
  const families = [...series.families.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const order = inFamilies(series, families)
  let written = 0
  let at = 0
  for (const { family, count } of order.runs) {
    const title = titleOf(family, format)
    writer.text(headOf(family, title, format))
    for (const end = at + count; at < end; at++) {
      const slot = order.slots[at]!
      // While others had their turn it may have become somebody else's.
      if (series.familyOf[slot] === family.id) writeSeries(series, slot, title, format, timestamps, writer)
      if (++written % SERIES_AT_ONCE === 0) await new Promise(setImmediate)
    }
  }
  if (format === 'openmetrics') writer.text('# EOF\n')
  return writer.bytes()
}

/** Slots by family, one after the other. */
function inFamilies(series: ExposedSeries, families: readonly Family[]) {
  const starts = new Map<number, number>()
  let at = 0
  const runs = families.map((family) => {
    starts.set(family.id, at)
    at += family.series
    return { family, count: family.series }
  })
  const slots = new Int32Array(at)
  series.table.each((slot) => {
    const place = starts.get(series.familyOf[slot]!)!
    slots[place] = slot
    starts.set(series.familyOf[slot]!, place + 1)
  })
  return { runs, slots }
}

interface Title {
  name: string
  type: string
  /** Exemplars may stand behind its samples. */
  hasExemplars: boolean
}

function titleOf({ name, type }: Family, format: Format): Title {
  const family: FamilyType = familyTypes[type] ?? 'unknown'
  if (format === 'text') {
    const plain = family === 'info' ? 'gauge' : family === 'unknown' ? 'untyped' : family
    return { name, type: plain, hasExemplars: false }
  }
  const suffix = family === 'counter' ? '_total' : family === 'info' ? '_info' : ''
  // OpenMetrics has no counters without _total.
  if (!name.endsWith(suffix)) return { name, type: 'unknown', hasExemplars: false }
  const hasExemplars = family === 'counter' || family === 'histogram'
  return { name: name.slice(0, name.length - suffix.length), type: family, hasExemplars }
}

function headOf({ help, unit }: Family, { name, type }: Title, format: Format): string {
  const helped = help === '' ? '' : `# HELP ${name} ${format === 'openmetrics' ? help.replace(/"/g, '\\"') : help}\n`
  const typed = `# TYPE ${name} ${type}\n`
  const hasUnit = format === 'openmetrics' && unit !== '' && name.endsWith(`_${unit}`)
  return hasUnit ? `${typed}# UNIT ${name} ${unit}\n${helped}` : `${helped}${typed}`
}

function writeSeries(
  series: ExposedSeries,
  slot: number,
  title: Title,
  format: Format,
  timestamps: boolean,
  writer: TextWriter,
): void {
  series.table.key(slot, (_, bytes, from, to) => writer.copy(bytes, from, to))
  let rest = ` ${numberText(series.values[slot]!)}`
  const time = series.times[slot]!
  if (timestamps && time > 0) rest += format === 'openmetrics' ? ` ${time / 1000}` : ` ${time}`
  const exemplar = title.hasExemplars ? series.exemplars.get(slot) : undefined
  writer.text(exemplar === undefined ? `${rest}\n` : `${rest} # ${exemplar}\n`)
}

/** Text of one character per byte. */
class TextWriter {
  #memory: Bytes = allocate(64 * 1024)
  #at = 0

  bytes(): Bytes {
    return this.#memory.subarray(0, this.#at)
  }

  text(text: string): void {
    this.#room(text.length)
    this.#at += writeLatin1(this.#memory, text, this.#at)
  }

  copy(bytes: Bytes, from: number, to: number): void {
    this.#room(to - from)
    copyBytes(bytes, from, to, this.#memory, this.#at)
    this.#at += to - from
  }

  #room(length: number): void {
    if (this.#at + length <= this.#memory.length) return
    const memory = allocate(2 * (this.#at + length))
    copyBytes(this.#memory, 0, this.#at, memory, 0)
    this.#memory = memory
  }
}
