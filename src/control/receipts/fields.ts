/** Which fields leave today and would leave with no record of the candidate's. */
import type { RecordText } from '#contract/observation.ts'

/** Different paths that are told apart in one pipeline; later ones are not looked at. */
const PATHS_MAX = 5000
/** Longer records are not looked into. */
const TEXT_CHARACTERS_MAX = 256 * 1024
const PATH_CHARACTERS_MAX = 256

/** A record of the live output that has the path. */
export interface Holder {
  stratum: number
  bytesIn: number
}

export class Fields {
  readonly #live = new Map<string, Holder[]>()
  readonly #candidate = new Set<string>()
  /** Neighbouring calls mostly bring the same text twice. */
  #text: string | undefined
  #paths: readonly string[] = []

  live(after: RecordText | null, holder: Holder): void {
    for (const path of this.#pathsOf(after)) {
      const holders = this.#live.get(path)
      if (holders !== undefined) holders.push(holder)
      else if (this.#live.size < PATHS_MAX) this.#live.set(path, [holder])
    }
  }

  candidate(after: RecordText | null): void {
    for (const path of this.#pathsOf(after)) {
      if (this.#candidate.size < PATHS_MAX || this.#live.has(path)) this.#candidate.add(path)
    }
  }

  /** Those with the most records first. */
  vanished(): { path: string; holders: readonly Holder[] }[] {
    return [...this.#live]
      .flatMap(([path, holders]) => (this.#candidate.has(path) ? [] : [{ path, holders }]))
      .sort((a, b) => b.holders.length - a.holders.length || (a.path < b.path ? -1 : 1))
  }

  #pathsOf(after: RecordText | null): readonly string[] {
    const text = after?.text
    if (text === undefined || text.length > TEXT_CHARACTERS_MAX || !text.trimStart().startsWith('{')) return []
    if (text === this.#text) return this.#paths
    this.#text = text
    this.#paths = pathsOf(text)
    return this.#paths
  }
}

/** Keys at the top, and those of objects there. */
function pathsOf(text: string): string[] {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return []
  }
  const paths: string[] = []
  for (const [key, value] of membersOf(record)) {
    paths.push(key)
    for (const [inner] of membersOf(value)) paths.push(`${key}/${inner}`)
  }
  return paths.filter(({ length }) => length <= PATH_CHARACTERS_MAX)
}

function membersOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
}
