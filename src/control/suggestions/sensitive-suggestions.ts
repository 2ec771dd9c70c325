/**
 * What leaves although it looks personal or secret: where it was seen, and a rule that takes it out. No find is
 * shown.
 */
import { detectors } from '#codecs/sensitive/detectors.ts'
import type { Suggestion } from '#contract/suggestion.ts'
import type { Outgoing, OutgoingRecord } from './outgoing.ts'
import { asBytes, censored, type Finder } from './sensitive.ts'
import { severitiesOf } from './severities.ts'

const FIELDS_MAX = 20
const SERVICES_MAX = 20
/** Stands for the place where a record has no fields. */
const TEXT = '(text)'
const PATH_CHARACTERS_MAX = 128

export function sensitiveSuggestions(outgoing: Outgoing, all: readonly Finder[]): Suggestion[] {
  const { records } = outgoing
  const members = new Map<Finder, number[]>(all.map((finder) => [finder, []]))
  records.forEach(({ text }, number) => {
    const bytes = asBytes(text)
    for (const [finder, numbers] of members) if (finder.finds(bytes).length > 0) numbers.push(number)
  })
  return [...members].flatMap(([finder, numbers]) => {
    if (numbers.length === 0) return []
    const { name, params } = finder
    return [
      {
        kind: 'sensitive',
        pipeline: outgoing.pipeline,
        title: `Redact what looks like ${name}`,
        why: `${numbers.length} of ${records.length} records of the sample leave with it.${doubt(name, records)}`,
        rule: { id: `redact_${name}`, type: 'redact', params },
        place: 'last',
        affects: outgoing.share(numbers),
        savings: { share: 0, low: 0, high: 0, n: records.length },
        services: topOf(
          numbers.flatMap((number) => records[number]!.facts.service ?? []),
          SERVICES_MAX,
        ).map(([of]) => of),
        severities: severitiesOf(outgoing, numbers),
        sensitive: {
          what: name,
          fields: topOf(
            numbers.flatMap((number) => fieldsWith(records[number]!, finder)),
            FIELDS_MAX,
          ).map(([path, count]) => ({ path: censored(path, all), records: count })),
        },
      },
    ]
  })
}

/** Card numbers have one check digit: of long numbers that are none, every tenth passes as one. */
function doubt(name: string, records: readonly OutgoingRecord[]): string {
  if (name !== 'credit_card') return ''
  let candidates = 0
  let cards = 0
  for (const { text } of records) {
    for (const [number] of text.matchAll(LONG_NUMBER)) {
      candidates++
      if (detectors.credit_card.next(number, 0) !== undefined) cards++
    }
  }
  if (candidates < CANDIDATES_MIN || cards > CHANCE_MAX * candidates) return ''
  return ` Maybe by chance: ${cards} of ${candidates} long numbers pass the check, as about a tenth does if none is a card.`
}

const LONG_NUMBER = /(?<!\d)[2-6]\d{12,18}(?!\d)/g
const CANDIDATES_MIN = 20
const CHANCE_MAX = 0.2

/** Paths of at most two keys in which the finder finds something; the record's text where it has none such. */
function fieldsWith({ text, facts }: OutgoingRecord, finder: Finder): string[] {
  if (facts.form !== 'json') return [TEXT]
  const paths: string[] = []
  for (const [key, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [inner, part] of Object.entries(value)) if (holds(part, finder)) paths.push(`${key}/${inner}`)
    } else if (holds(value, finder)) paths.push(key)
  }
  return paths.length === 0 ? [TEXT] : paths.map((path) => path.slice(0, PATH_CHARACTERS_MAX))
}

function holds(value: unknown, finder: Finder): boolean {
  return finder.finds(asBytes(JSON.stringify(value))).length > 0
}

/** The most frequent ones, with how often they are there. */
function topOf(names: readonly string[], max: number): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, max)
}
