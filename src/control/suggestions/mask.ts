/**
 * What differs from record to record, told by its form: numbers, times, addresses, ids, quoted strings. Each kind
 * stands in a token as one private character, and can be written out as a name for people, or as a pattern for a
 * rule.
 */
import { escapeText } from './escape.ts'

interface Kind {
  name: string
  /** Finds it in text. */
  search: string
  /** What matches it in a rule: nothing that the linear matcher would refuse. */
  rule: string
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const CLOCK = '\\d{1,2}:\\d{2}:\\d{2}(?:[.,]\\d+)?'
const ZONE = '(?:Z|[+-]\\d{2}:?\\d{2})?'
const UUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'
const IPV4 = '\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?::\\d+)?'
const NUMBER = '[-+]?\\d+(?:[.,:]\\d+)*(?:ms|us|ns|s|h|%|[kKMGT]?i?B)?'
const LOCAL = '[^\\s@"\'<>=:,;()]'
const ALONE = '(?<![A-Za-z0-9])'
const AT_ITS_END = '(?![A-Za-z0-9])'
/** Lines of access logs are quoted, and are what tells them apart. */
const REQUEST = '"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) [^"]*"'

const whole = (name: string, pattern: string): Kind => ({
  name,
  search: `${ALONE}${pattern}${AT_ITS_END}`,
  rule: `(?:${pattern})`,
})

/** The first that fits counts. */
const KINDS: readonly Kind[] = [
  whole('time', `\\d{4}-\\d{2}-\\d{2}(?:[T _]${CLOCK}${ZONE})?`),
  whole('time', `(?:${DAY} )?${MONTH} +\\d{1,2} ${CLOCK}(?: \\d{4})?`),
  whole('time', `\\d{1,2}/(?:${MONTH}|\\d{1,2})/\\d{2,4}(?:[: ]${CLOCK}(?: ?[+-]\\d{4})?)?`),
  { name: 'str', search: '"[^"]*"', rule: '"[^"]*"' },
  whole('uuid', UUID),
  // Only from where a word begins: from each of its letters it would be looked for to the end.
  {
    name: 'email',
    search: `(?<!${LOCAL})${LOCAL}{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{1,254}`,
    rule: '[^\\s@]+@[A-Za-z0-9.-]+',
  },
  whole('ip', IPV4),
  {
    name: 'hex',
    search: `${ALONE}(?:0[xX][0-9a-fA-F]+|(?=[0-9a-fA-F]*\\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,})${AT_ITS_END}`,
    rule: '(?:0[xX])?[0-9a-fA-F]+',
  },
  whole('num', NUMBER),
]

/** Private use characters, one for each kind, and one for a token that differs as a whole. */
const FIRST = 0xe000
export const ANY = String.fromCharCode(FIRST + KINDS.length)
const PRIVATE = new RegExp(`[\\u{e000}-${ANY}]`, 'gu')

const SEARCH = new RegExp(`(${REQUEST})|${KINDS.map(({ search }) => `(${search})`).join('|')}`, 'g')

/** The text with each find as one private character. */
export function mask(text: string): string {
  return text.replace(PRIVATE, '?').replace(SEARCH, (found: string, ...groups: (string | undefined)[]) => {
    const group = groups.findIndex((part) => part !== undefined)
    // What stands inside a request line is masked by itself.
    return group === 0 ? `"${mask(found.slice(1, -1))}"` : String.fromCharCode(FIRST + group - 1)
  })
}

/** For people. */
export function named(token: string): string {
  return token.replace(PRIVATE, (found) => `<${KINDS[found.charCodeAt(0) - FIRST]?.name ?? '*'}>`)
}

/** As part of a pattern in linear time. */
export function patternOfToken(token: string): string {
  if (token === ANY) return '(?:"[^"]*"|\\S+)'
  let pattern = ''
  let at = 0
  for (const { 0: found, index } of token.matchAll(PRIVATE)) {
    pattern += escapeText(token.slice(at, index)) + (KINDS[found.charCodeAt(0) - FIRST]?.rule ?? '\\S+')
    at = index + found.length
  }
  return pattern + escapeText(token.slice(at))
}
