/**
 * What an exporter answers: text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) and OpenMetrics 1.0
 * (prometheus.io/docs/specs/om/open_metrics_spec), with names in quotes as Prometheus 3 has them.
 *
 *   line     = "# HELP " name " " text | "# TYPE " name " " type | "# UNIT " name " " unit | "# EOF" | "#" … | sample
 *   sample   = name [ "{" [ pair *( "," pair ) [","] ] "}" ] " " number [ " " timestamp ] [ " # " exemplar ]
 *   exemplar = "{" … "}" " " number [ " " timestamp ]
 *   pair     = name "=" quoted | quoted (the metric's name)
 *
 * Timestamps are milliseconds in text, seconds in OpenMetrics.
 */
import { LABELS_MAX } from '#codecs/metric/writer.ts'
import { type ExemplarLabel, otlpExemplar } from '#codecs/remote_write/exemplar.ts'
import { familyTypes, type Meaning, meaningOf, UNKNOWN } from '#codecs/remote_write/meaning.ts'
import { allocate, type Bytes, fromText, indexOfByte, latin1, latin1ToBytes, NEWLINE } from '#std/bytes.ts'

export type ExpositionFormat = 'text' | 'openmetrics'

/** Good until the next one comes. */
export interface Sample {
  name: Bytes
  /** Without the metric's name; in the order in which they stand. */
  labels: readonly ExemplarLabel[]
  value: number
  /** Undefined: none is told. */
  timeMs: number | undefined
  /** As records keep it; undefined where there is none. */
  exemplar: Bytes | undefined
  meaning: Meaning
}

interface Family {
  type: number
  unit: Bytes
  help: Bytes
}

const HELP_BYTES_MAX = 1024
const FAMILIES_MAX = 100_000
const SUFFIXES = ['_total', '_bucket', '_sum', '_count', '_created', '_info', '_gsum', '_gcount']

/**
 * Calls `found` with each sample. Text: what is wrong, and in which line; what came before was found. `found` says
 * false to end it.
 */
export function parseExposition(
  bytes: Bytes,
  format: ExpositionFormat,
  found: (sample: Sample) => boolean,
): string | undefined {
  const parser = new Parser(bytes, format, found)
  return parser.run()
}

class Parser {
  readonly #bytes: Bytes
  readonly #isOpen: boolean
  readonly #found: (sample: Sample) => boolean
  readonly #families = new Map<string, Family>()
  readonly #meanings = new Map<string, Meaning>()
  #at = 0
  #end = 0

  constructor(bytes: Bytes, format: ExpositionFormat, found: (sample: Sample) => boolean) {
    this.#bytes = bytes
    this.#isOpen = format === 'openmetrics'
    this.#found = found
  }

  run(): string | undefined {
    const bytes = this.#bytes
    let isEnded = false
    let line = 1
    for (let from = 0; from < bytes.length; line++) {
      const newline = indexOfByte(bytes, NEWLINE, from, bytes.length)
      const to = newline === -1 ? bytes.length : newline
      this.#at = from
      this.#end = to > from && bytes[to - 1] === 0x0d ? to - 1 : to
      from = to + 1
      if (isEnded) return `line ${line} stands behind the end`
      if (this.#end === this.#at) continue
      if (bytes[this.#at] === HASH) isEnded = this.#comment()
      else {
        const problem = this.#sample()
        if (problem === STOP) return undefined
        if (problem !== undefined) return `line ${line} ${problem}`
      }
    }
    return this.#isOpen && !isEnded ? 'it breaks off before its end' : undefined
  }

  /** True: the end. */
  #comment(): boolean {
    const bytes = this.#bytes
    const kind = latin1(bytes, this.#at, Math.min(this.#end, this.#at + 7))
    if (this.#isOpen && kind.slice(0, 5) === '# EOF') return true
    if (kind !== '# HELP ' && kind !== '# TYPE ' && kind !== '# UNIT ') return false
    this.#at += 7
    const nameFrom = this.#at
    const space = indexOfByte(bytes, SPACE, nameFrom, this.#end)
    const name = unquoted(latin1(bytes, nameFrom, space === -1 ? this.#end : space))
    const from = space === -1 ? this.#end : space + 1
    let family = this.#families.get(name)
    if (family === undefined) {
      if (this.#families.size === FAMILIES_MAX) return false
      family = { type: 0, unit: NOTHING, help: NOTHING }
      this.#families.set(name, family)
    }
    if (kind === '# TYPE ') {
      const type = latin1(bytes, from, this.#end).trim()
      family.type = Math.max(0, familyTypes.indexOf(type as (typeof familyTypes)[number]))
    } else if (kind === '# UNIT ') family.unit = bytes.subarray(from, this.#end)
    else if (this.#end - from <= HELP_BYTES_MAX) family.help = unescaped(bytes, from, this.#end)
    this.#meanings.clear()
    return false
  }

  #sample(): string | undefined {
    const bytes = this.#bytes
    const nameFrom = this.#at
    while (this.#at < this.#end && isNameByte(bytes[this.#at]!)) this.#at++
    let name = bytes.subarray(nameFrom, this.#at)
    let labels: ExemplarLabel[] = []
    if (bytes[this.#at] === OPEN && this.#at < this.#end) {
      const pairs = this.#labels()
      if (typeof pairs === 'string') return pairs
      labels = pairs.labels
      if (pairs.name !== undefined) name = pairs.name
    }
    if (name.length === 0) return 'has no name'
    this.#spaces()
    const value = this.#number()
    if (value === undefined) return 'has no value that is a number'
    this.#spaces()
    let timeMs: number | undefined
    if (this.#at < this.#end && bytes[this.#at] !== HASH) {
      const time = this.#number()
      if (time === undefined || !Number.isFinite(time)) return 'has a time that is none'
      timeMs = this.#isOpen ? Math.round(time * 1000) : time
      this.#spaces()
    }
    let exemplar: Bytes | undefined
    if (this.#at < this.#end && bytes[this.#at] === HASH && this.#isOpen) {
      const read = this.#exemplar()
      if (typeof read === 'string') return read
      exemplar = read
    }
    if (this.#at < this.#end) return 'goes on behind its end'
    return this.#found({ name, labels, value, timeMs, exemplar, meaning: this.#meaningOf(name) }) ? undefined : STOP
  }

  #exemplar(): Bytes | string {
    this.#at++
    this.#spaces()
    if (this.#bytes[this.#at] !== OPEN) return 'has an exemplar without labels'
    const pairs = this.#labels()
    if (typeof pairs === 'string') return pairs
    this.#spaces()
    const value = this.#number()
    if (value === undefined) return 'has an exemplar without a value'
    this.#spaces()
    const time = this.#at < this.#end ? this.#number() : 0
    if (time === undefined || !(time >= 0 && time < 2 ** 33)) return 'has an exemplar with a time that is none'
    const number = allocate(8)
    number.writeDoubleLE(value)
    return otlpExemplar(pairs.labels, number, 0, Math.round(time * 1000))
  }

  #labels(): { labels: ExemplarLabel[]; name: Bytes | undefined } | string {
    const bytes = this.#bytes
    const labels: ExemplarLabel[] = []
    let metric: Bytes | undefined
    this.#at++
    for (;;) {
      this.#spaces()
      if (this.#at >= this.#end) return 'has labels that do not end'
      if (bytes[this.#at] === CLOSE) break
      let name: Bytes | undefined
      if (bytes[this.#at] === QUOTE) {
        name = this.#quoted()
        this.#spaces()
        if (name !== undefined && bytes[this.#at] !== EQUALS) {
          metric = name
          if (!this.#comma()) return 'has labels that are not well-formed'
          continue
        }
      } else {
        const from = this.#at
        while (this.#at < this.#end && isNameByte(bytes[this.#at]!)) this.#at++
        name = this.#at > from ? bytes.subarray(from, this.#at) : undefined
        this.#spaces()
      }
      if (name === undefined || bytes[this.#at] !== EQUALS) return 'has labels that are not well-formed'
      this.#at++
      this.#spaces()
      const value = bytes[this.#at] === QUOTE ? this.#quoted() : undefined
      if (value === undefined || labels.length === LABELS_MAX) return 'has labels that are not well-formed'
      labels.push({ name, value })
      if (!this.#comma()) return 'has labels that are not well-formed'
    }
    this.#at++
    return { labels, name: metric }
  }

  /** A comma, or the end that comes. */
  #comma(): boolean {
    this.#spaces()
    const byte = this.#bytes[this.#at]
    if (byte === COMMA) this.#at++
    return this.#at < this.#end && (byte === COMMA || byte === CLOSE)
  }

  /** Undefined: it does not end in this line. */
  #quoted(): Bytes | undefined {
    const bytes = this.#bytes
    const from = this.#at + 1
    let at = from
    let isEscaped = false
    for (; at < this.#end && bytes[at] !== QUOTE; at++) {
      if (bytes[at] !== BACKSLASH) continue
      isEscaped = true
      at++
    }
    if (at >= this.#end) return undefined
    this.#at = at + 1
    return isEscaped ? unescaped(bytes, from, at) : bytes.subarray(from, at)
  }

  #number(): number | undefined {
    const bytes = this.#bytes
    const from = this.#at
    while (this.#at < this.#end && bytes[this.#at] !== SPACE && bytes[this.#at] !== TAB) this.#at++
    return numberOf(latin1(bytes, from, this.#at))
  }

  #spaces(): void {
    while (this.#at < this.#end && (this.#bytes[this.#at] === SPACE || this.#bytes[this.#at] === TAB)) this.#at++
  }

  #meaningOf(nameBytes: Bytes): Meaning {
    const name = latin1(nameBytes, 0, nameBytes.length)
    let meaning = this.#meanings.get(name)
    if (meaning !== undefined) return meaning
    const family = this.#families.get(name) ?? this.#familyOf(name)
    meaning = family === undefined ? UNKNOWN : meaningOf(family.type, name, family.unit, family.help)
    this.#meanings.set(name, meaning)
    return meaning
  }

  #familyOf(name: string): Family | undefined {
    const suffix = SUFFIXES.find((each) => name.endsWith(each) && this.#families.has(name.slice(0, -each.length)))
    return suffix === undefined ? undefined : this.#families.get(name.slice(0, -suffix.length))
  }
}

const STOP = 'stop'
const NOTHING = fromText('')
const HASH = 0x23
const OPEN = 0x7b
const CLOSE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const EQUALS = 0x3d
const COMMA = 0x2c
const SPACE = 0x20
const TAB = 0x09

/** Letters, digits, `_`, `:`; and bytes of UTF-8, which exporters that care less write. */
function isNameByte(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x3a) ||
    byte === 0x5f ||
    byte === 0x2e ||
    byte >= 0x80
  )
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text)
  const word = text.toLowerCase()
  if (word === 'nan' || word === '+nan' || word === '-nan') return Number.NaN
  if (word === '+inf' || word === 'inf' || word === '+infinity' || word === 'infinity') return Number.POSITIVE_INFINITY
  return word === '-inf' || word === '-infinity' ? Number.NEGATIVE_INFINITY : undefined
}

function unescaped(bytes: Bytes, from: number, to: number): Bytes {
  if (indexOfByte(bytes, BACKSLASH, from, to) === -1) return bytes.subarray(from, to)
  const text = latin1(bytes, from, to).replace(/\\(.)/gs, (all, each: string) =>
    each === 'n' ? '\n' : each === '\\' || each === '"' ? each : all,
  )
  return latin1ToBytes(text)
}

function unquoted(name: string): string {
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name
}
