/**
 * Names as Prometheus has them: metrics `[a-zA-Z_:][a-zA-Z0-9_:]*`, labels `[a-zA-Z_][a-zA-Z0-9_]*`
 * (prometheus.io/docs/concepts/data_model), and
 * what OpenTelemetry's names become there: the unit in words, and `_total` or `_ratio` behind it
 * (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics). Names here have one character per byte.
 */

/** Units as UCUM writes them. */
const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  kBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
  '1': '',
}

const PER: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

export type Role = 'counter' | 'gauge' | 'other'

/** With every character that has no place there as an underscore, unless `utf8`. */
export function metricName(name: string, utf8: boolean): string {
  if (utf8 || METRIC.test(name)) return name
  const plain = underscored(name, /[^a-zA-Z0-9_:]/g)
  return /^[0-9]/.test(plain) || plain === '' ? `_${plain}` : plain
}

export function labelName(name: string, utf8: boolean): string {
  if (utf8 || LABEL.test(name)) return name
  const plain = underscored(name, /[^a-zA-Z0-9_]/g)
  return /^[0-9]/.test(plain) || plain === '' ? `key_${plain}` : plain
}

/** One underscore for each character, not for each of its bytes. */
function underscored(name: string, others: RegExp): string {
  return name.replace(/[\x80-\xbf]/g, '').replace(others, '_')
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** `name` with unit and `_total` or `_ratio` behind it, where they do not stand there already. */
export function suffixedName(name: string, unit: string, role: Role): string {
  let stem = name
  if (role === 'counter' && stem.endsWith('_total')) stem = stem.slice(0, -'_total'.length)
  for (const word of unitWords(unit)) if (!hasWord(stem, word)) stem = `${stem}_${word}`
  if (role === 'counter') return `${stem}_total`
  return role === 'gauge' && unit === '1' && !hasWord(stem, 'ratio') ? `${stem}_ratio` : stem
}

/** `By/s` is bytes, per_second. What stands in braces only describes. */
export function unitWords(unit: string): string[] {
  const [main = '', per = ''] = unit.replace(/\{[^}]*\}/g, '').split('/', 2)
  return [wordOf(UNITS, main.trim()), per.trim() === '' ? '' : `per_${wordOf(PER, per.trim())}`].filter(
    (word) => word !== '' && word !== 'per_',
  )
}

/** As OpenMetrics names the unit of a family. */
export function unitName(unit: string): string {
  return unitWords(unit).join('_')
}

function wordOf(words: Readonly<Record<string, string>>, unit: string): string {
  const word = Object.hasOwn(words, unit) ? words[unit]! : underscored(unit, /[^a-zA-Z0-9]/g)
  return word.replace(/_+/g, '_').replace(/^_|_$/g, '')
}

function hasWord(name: string, word: string): boolean {
  return `_${name}_`.includes(`_${word}_`)
}
