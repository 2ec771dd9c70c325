/** Contents as the URL names them: `draft`, `live`, or the number of a version. */
import type { Version } from '#contract/configuration.ts'
import type { Content } from '#ui/api/configuration-queries.ts'
import type { RawSearch } from '#ui/kit/search.ts'

const NUMBER_MAX = 999_999_999

export function contentIn(search: RawSearch, name: string): Content | undefined {
  const value = search[name]
  if (value === 'draft' || value === 'live') return value
  return versionNumberFrom(value)
}

export function versionNumberFrom(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const number = /^\d+$/.test(String(value)) ? Number(value) : Number.NaN
  return number >= 1 && number <= NUMBER_MAX ? number : undefined
}

export function contentName(content: Content): string {
  return typeof content === 'number' ? `version ${content}` : content
}

/** What can be chosen: the draft, what is live, and versions with the beginning of their messages. */
export function contentOptions(
  versions: readonly Pick<Version, 'number' | 'message' | 'live'>[],
  chosen: readonly Content[],
): { value: string; label: string }[] {
  const listed = versions.map(({ number, message, live }) => ({
    value: String(number),
    label: [`Version ${number}`, live ? ' (live)' : '', message === '' ? '' : `: ${firstLine(message)}`].join(''),
  }))
  const others = chosen
    .filter((content) => typeof content === 'number' && !versions.some(({ number }) => number === content))
    .map((content) => ({ value: String(content), label: `Version ${content}` }))
  return [{ value: 'draft', label: 'Draft' }, { value: 'live', label: 'Live' }, ...listed, ...others]
}

const LABEL_CHARACTERS_MAX = 60

export function firstLine(message: string): string {
  const line = message.split('\n', 1)[0]!
  return line.length <= LABEL_CHARACTERS_MAX ? line : `${line.slice(0, LABEL_CHARACTERS_MAX - 1)}…`
}
