/** The patterns of what goes out, and for the large ones a rule that matches just their records. */

import { severityName } from '#codecs/event/level.ts'
import type { SuggestedRule } from '#contract/suggestion.ts'
import { fromText } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import { compilePattern, PATTERN_CHARACTERS_MAX, PatternError } from '#std/pattern/pattern.ts'
import { ERROR_FROM } from '../receipts/groups.ts'
import { type Cluster, Drain } from './drain.ts'
import { ANY, mask, named, patternOfToken } from './mask.ts'
import type { Outgoing, OutgoingRecord } from './outgoing.ts'
import { asBytes, type Finder } from './sensitive.ts'

/** Longer messages are known by their beginning. */
const TOKENS_MAX = 64
const MESSAGE_CHARACTERS_MAX = 2000
/** Patterns that are looked at closer, those with the most bytes. */
const LOOKED_AT_MAX = 50
/** Below so many records a pattern may be chance. */
const HITS_MIN = 10
/** A rule for less is not worth its place. */
const BYTES_SHARE_MIN = 0.01
/** A rule must catch so much of the pattern that it was made for. */
const CAUGHT_MIN = 0.9
/** Share of a pattern's tokens that may differ as a whole. */
const WILD_MAX = 0.34
/** Warnings, and records that do not say how bad they are, are thinned out and not dropped. */
export const KEEP_RATIO = 0.1
export const WARN_FROM = 13
/** Ways to write a level that a rule names. */
export const LEVELS_MAX = 20
/** Records that name no level may still tell of what somebody must see. */
const ALARMING = new RegExp(
  'error|fail|fatal|panic|exception|denied|refused|unauthori[sz]ed|forbidden|invalid|illegal|attack|break-?in|' +
    'corrupt|crash|abort|killed|segfault|timed? ?out|unable|cannot',
  'i',
)

export interface Pattern {
  service: string | undefined
  template: string
  /** Numbers of its records: those that the rule acts on where there is one, else those of the cluster. */
  members: readonly number[]
  rule: SuggestedRule | undefined
}

/** With most bytes first. `unclustered`: records that did not fit. */
export function patternsOf(outgoing: Outgoing, all: readonly Finder[]): { patterns: Pattern[]; unclustered: number } {
  const { records } = outgoing
  const drain = new Drain()
  records.forEach((record, number) => {
    const tokens = tokensOf(messageOf(record))
    if (tokens.length > 0) drain.add(groupOf(record), tokens, number)
  })
  const { clusters } = drain
  const unclustered = records.length - clusters.reduce((sum, { members }) => sum + members.length, 0)
  const bytesOf = (members: readonly number[]) => members.reduce((sum, number) => sum + records[number]!.bytes, 0)
  const total = records.reduce((sum, { bytes }) => sum + bytes, 0)
  const largest = clusters
    .map((cluster) => ({ cluster, bytes: bytesOf(cluster.members) }))
    .sort((a, b) => b.bytes - a.bytes || a.cluster.members[0]! - b.cluster.members[0]!)
    .slice(0, LOOKED_AT_MAX)
  const patterns = largest.map(({ cluster, bytes }): Pattern => {
    hideSensitive(cluster, all)
    const isWorthIt = cluster.members.length >= HITS_MIN && bytes >= BYTES_SHARE_MIN * total
    const found = isWorthIt ? ruleFor(cluster, records) : undefined
    return {
      service: records[cluster.members[0]!]!.facts.service,
      template: cluster.tokens.map(named).join(' '),
      members: found?.members ?? cluster.members,
      rule: found?.rule,
    }
  })
  return { patterns: patterns.sort((a, b) => bytesOf(b.members) - bytesOf(a.members)), unclustered }
}

function messageOf({ text, facts }: OutgoingRecord): string {
  return facts.form === 'json' ? facts.message : text
}

/** Messages of JSON records are matched as a field, others as a whole. A pattern is of one severity. */
function groupOf({ facts }: OutgoingRecord): string {
  return `${facts.form === 'json' ? 'json' : 'text'} ${severityName(facts.severity)} ${facts.service ?? ''}`
}

function tokensOf(message: string): string[] {
  const masked = mask(message.slice(0, MESSAGE_CHARACTERS_MAX)).trim()
  // One more than is looked at tells that there is more.
  return masked === '' ? [] : masked.split(/\s+/, TOKENS_MAX + 1)
}

/** What all of a pattern's records have in common may be somebody's address: a rule and a page show it to others. */
function hideSensitive(cluster: Cluster, all: readonly Finder[]): void {
  cluster.tokens.forEach((token, i) => {
    const text = asBytes(token)
    if (all.some(({ finds }) => finds(text).length > 0)) cluster.tokens[i] = ANY
  })
}

function ruleFor(
  cluster: Cluster,
  records: readonly OutgoingRecord[],
): { rule: SuggestedRule; members: number[] } | undefined {
  const { severity } = records[cluster.members[0]!]!.facts
  if (severity >= ERROR_FROM) return undefined
  const pattern = patternOf(cluster.tokens)
  const regex = compiled(pattern)
  if (regex === undefined || isVague(cluster.tokens)) return undefined
  const scope = scopeOf(cluster, records)
  const members: number[] = []
  for (const [number, record] of records.entries()) {
    if (!isIn(scope, record)) continue
    regex.lastIndex = 0
    if (regex.test(scope.form === 'json' ? record.facts.message : record.text)) members.push(number)
  }
  const caught = new Set(members)
  const own = cluster.members.filter((number) => caught.has(number)).length
  const severities = members.map((number) => records[number]!.facts.severity)
  if (own < CAUGHT_MIN * cluster.members.length || severities.some((each) => each >= ERROR_FROM)) return undefined
  if (severity === 0 && members.some((number) => ALARMING.test(records[number]!.text))) return undefined
  const rule = ruleOf(
    pattern,
    scope,
    severities.every((each) => each > 0 && each < WARN_FROM),
  )
  return rule === undefined ? undefined : { rule, members }
}

/** A rule of little but wildcards would match what nobody has looked at. */
function isVague(tokens: readonly string[]): boolean {
  const wild = tokens.filter((token) => token === ANY).length
  return wild > WILD_MAX * tokens.length || !tokens.some((token) => /[A-Za-z]{2}/.test(token))
}

/** What a rule's condition narrows it down to, beside the pattern. Only fields of JSON records are sure. */
interface Scope {
  form: 'json' | 'syslog' | 'text'
  service: string | undefined
  /** As they are written; empty: any, or none. */
  levels: readonly string[]
}

function scopeOf({ members }: Cluster, records: readonly OutgoingRecord[]): Scope {
  const { form, service } = records[members[0]!]!.facts
  const levels = new Set(members.map((number) => records[number]!.facts.level))
  const isKnown = form === 'json' && !levels.has(undefined) && levels.size <= LEVELS_MAX
  return { form, service, levels: isKnown ? ([...levels] as string[]).sort() : [] }
}

function isIn({ form, service, levels }: Scope, { facts }: OutgoingRecord): boolean {
  if (form !== 'json') return true
  if (facts.form !== 'json' || (service !== undefined && facts.service !== service)) return false
  return levels.length === 0 || (facts.level !== undefined && levels.includes(facts.level))
}

function ruleOf(pattern: string, scope: Scope, drops: boolean): SuggestedRule | undefined {
  const { form, service } = scope
  const id = `${drops ? 'drop' : 'sample'}_${slug(service ?? 'pattern')}_${hashed(JSON.stringify([pattern, scope]))}`
  if (drops && form !== 'json') return { id, type: 'filter', params: { pattern } }
  // The field of a syslog record is its MSG alone, which the pattern is not made for.
  if (form === 'syslog') return undefined
  const conditions = form === 'json' ? fieldConditions(scope) : []
  if (!drops) {
    const when = allOf([...conditions, { field: 'message', regex: pattern }])
    return { id, type: 'sample', params: { keep_ratio: KEEP_RATIO }, when }
  }
  const params = { attribute: 'message', regex: pattern }
  const narrowed = conditions.length === 0 ? {} : { when: allOf(conditions) }
  return { id, type: 'attribute_filter', params, ...narrowed }
}

/** Conditions that hold for records of these fields. */
export function fieldConditions({ service, levels }: Pick<Scope, 'service' | 'levels'>): unknown[] {
  const any = levels.map((level) => ({ field: 'level', equals: level }))
  return [
    ...(service === undefined ? [] : [{ field: 'service', equals: service }]),
    ...(any.length === 0 ? [] : [any.length === 1 ? any[0] : { any }]),
  ]
}

export function allOf(conditions: readonly unknown[]): unknown {
  return conditions.length === 1 ? conditions[0] : { all: conditions }
}

function patternOf(tokens: readonly string[]): string {
  const known = tokens.slice(0, TOKENS_MAX).map(patternOfToken).join('\\s+')
  return `^\\s*${known}${tokens.length > TOKENS_MAX ? '\\s' : '\\s*$'}`
}

function compiled(pattern: string): RegExp | undefined {
  if (pattern.length > PATTERN_CHARACTERS_MAX) return undefined
  try {
    return compilePattern(pattern).regex
  } catch (error) {
    if (error instanceof PatternError) return undefined
    throw error
  }
}

const SLUG_CHARACTERS_MAX = 40

/** What may stand in an id. */
export function slug(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^[^A-Za-z0-9]+/, '')
  return plain.slice(0, SLUG_CHARACTERS_MAX) || 'x'
}

/** Tells ids of the same slug apart. */
export function hashed(text: string): string {
  const bytes = fromText(text)
  return hash32(bytes, 0, bytes.length).toString(16).padStart(8, '0')
}
