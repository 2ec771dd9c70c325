/**
 * What looks personal or secret: the detectors of `redact`, and tokens of well-known services by the prefixes they
 * have.
 */
import { detectorNames, detectors } from '#codecs/sensitive/detectors.ts'
import { fromText, latin1 } from '#std/bytes.ts'
import { compilePattern } from '#std/pattern/pattern.ts'

export interface Finder {
  name: string
  /** The `params` of a `redact` rule that replaces the same. */
  params: Record<string, unknown>
  /** [from, to) of each find in text with one character per byte. */
  finds(text: string): { from: number; to: number }[]
}

/** As their makers describe them: GitHub, GitLab, Slack, Stripe, Google, npm; RFC 7468 for keys. */
const TOKENS: Readonly<Record<string, string>> = {
  github_token: 'gh[pousr]_[A-Za-z0-9]{36}[A-Za-z0-9]*|github_pat_[A-Za-z0-9_]{22}[A-Za-z0-9_]*',
  gitlab_token: 'glpat-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*',
  slack_token: 'xox[abeoprs]-[A-Za-z0-9-]{10}[A-Za-z0-9-]*',
  stripe_key: '[rs]k_(?:live|test)_[A-Za-z0-9]{16}[A-Za-z0-9]*',
  google_api_key: 'AIza[A-Za-z0-9_-]{35}',
  npm_token: 'npm_[A-Za-z0-9]{36}',
}

/** Pattern matching needs the linear matcher to be on; see `std/pattern`. */
export function finders(): Finder[] {
  const builtin = detectorNames.map(
    (name): Finder => ({
      name,
      params: { builtin: name },
      finds(text) {
        const found: { from: number; to: number }[] = []
        for (let at = detectors[name].next(text, 0); at !== undefined; at = detectors[name].next(text, at.to))
          found.push(at)
        return found
      },
    }),
  )
  const tokens = Object.entries(TOKENS).map(([name, pattern]): Finder => {
    const { regex } = compilePattern(pattern)
    return {
      name,
      params: { pattern, replacement: `[${name}]` },
      finds: (text) =>
        Array.from(text.matchAll(regex), ({ 0: { length }, index }) => ({ from: index, to: index + length })),
    }
  })
  return [...builtin, ...tokens]
}

/** The text with every find replaced by its name. For what is shown to people. */
export function censored(text: string, all: readonly Finder[]): string {
  let bytes = fromText(text)
  for (const { name, finds } of all) {
    const found = finds(latin1(bytes, 0, bytes.length))
    if (found.length === 0) continue
    let result = ''
    let at = 0
    for (const { from, to } of found) {
      result += `${bytes.toString('utf8', at, from)}[${name}]`
      at = to
    }
    bytes = fromText(result + bytes.toString('utf8', at))
  }
  return bytes.toString('utf8')
}

/** The text with one character per byte, as finders take it. */
export function asBytes(text: string): string {
  const bytes = fromText(text)
  return latin1(bytes, 0, bytes.length)
}
