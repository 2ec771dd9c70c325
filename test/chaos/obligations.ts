/**
 * The oracle: what was promised, and whether it was kept. A 202 makes each record of its body an obligation, unless a rule
 * that may have been in force drops it. Knows nothing of processes, sockets and time.
 */
import { type RuleSet, ruleSets } from './schedule.ts'

export interface Issued {
  id: string
  /** The whole record, as it is sent. */
  text: string
  /** A body with it was taken while every rule set that may have been in force keeps it. */
  obliged: boolean
  /** Some rule set that may have been in force keeps it. */
  mayBeStored: boolean
  attempts: number
}

/** A body under way. */
export interface Attempt {
  records: readonly Issued[]
  /** Rule sets that may have been in force since it was sent. */
  rules: Set<RuleSet>
}

/** What a vendor has: how often each line came. Lines are in latin1, a character for each byte. */
export type Stored = ReadonlyMap<string, number>

export interface Verdict {
  problems: string[]
  /** Records that were stored more than once, each as often as it was too much. */
  duplicates: number
}

const SAMPLES_MAX = 5

export class Obligations {
  readonly #issued = new Map<string, Issued>()
  readonly #open = new Set<Attempt>()
  #inForce: Set<RuleSet>
  acknowledged = 0
  sentAgain = 0

  constructor(first: RuleSet) {
    this.#inForce = new Set([first])
  }

  get sent(): number {
    return this.#issued.size
  }

  issue(id: string, text: string): Issued {
    const issued: Issued = { id, text, obliged: false, mayBeStored: false, attempts: 0 }
    this.#issued.set(id, issued)
    return issued
  }

  send(records: readonly Issued[]): Attempt {
    for (const record of records) if (record.attempts++ > 0) this.sentAgain++
    const attempt = { records, rules: new Set(this.#inForce) }
    this.#open.add(attempt)
    return attempt
  }

  /** `taken`: the answer was 202. Any other outcome says nothing: it may have been taken, and run through later rules. */
  answered(attempt: Attempt, taken: boolean): void {
    this.#open.delete(attempt)
    const rules = taken ? [...attempt.rules] : ruleSets
    for (const record of attempt.records) {
      const kept = rules.filter((set) => !drops(set, record.id)).length
      if (kept > 0) record.mayBeStored = true
      if (taken && kept === rules.length) record.obliged = true
    }
    if (taken) this.acknowledged += attempt.records.length
  }

  /** From now on either may be in force, until `rulesChanged`. */
  rulesChanging(to: RuleSet): void {
    this.#inForce.add(to)
    for (const attempt of this.#open) attempt.rules.add(to)
  }
  rulesChanged(to: RuleSet): void {
    this.#inForce = new Set([to])
  }

  /** Whether a vendor has everything that it must have. */
  isMet(stored: Stored): boolean {
    for (const { obliged, text } of this.#issued.values()) if (obliged && !stored.has(asBytes(text))) return false
    return true
  }

  judge(vendor: string, stored: Stored): Verdict {
    const missing: string[] = []
    const foreign: string[] = []
    const altered: string[] = []
    const forbidden: string[] = []
    let duplicates = 0
    for (const { obliged, text, id } of this.#issued.values()) {
      if (obliged && !stored.has(asBytes(text))) missing.push(id)
    }
    for (const [line, times] of stored) {
      const id = idOf(line)
      const issued = id === undefined ? undefined : this.#issued.get(id)
      if (issued === undefined) foreign.push(line.slice(0, 80))
      else if (asBytes(issued.text) !== line) altered.push(issued.id)
      else if (!issued.mayBeStored) forbidden.push(issued.id)
      duplicates += times - 1
    }
    const problems = [
      told(vendor, 'never got acknowledged records', missing),
      told(vendor, 'stored what nobody has sent', foreign),
      told(vendor, 'stored records that are not as they were sent', altered),
      told(vendor, 'stored records that a rule drops', forbidden),
    ]
    return { problems: problems.flat(), duplicates }
  }
}

/** `id` is the first field, and ends in a digit. */
export function recordText(id: string, text: string): string {
  return JSON.stringify({ id, text })
}

/** A pattern for `filter` that finds what `drops` says. */
export function patternOf(set: RuleSet): string {
  return `^\\{"id":"[a-z0-9-]*[${DIGITS[set]}]"`
}

export function drops(set: RuleSet, id: string): boolean {
  return DIGITS[set].includes(id.at(-1)!)
}

const DIGITS: Record<RuleSet, string> = { sevens: '7', sevens_and_threes: '73' }

function idOf(line: string): string | undefined {
  return /^\{"id":"([a-z0-9-]+)"/.exec(line)?.[1]
}

function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function told(vendor: string, what: string, found: string[]): string[] {
  if (found.length === 0) return []
  const samples = found.slice(0, SAMPLES_MAX).join(', ')
  return [`vendor ${vendor} ${what}: ${found.length}, such as ${samples}`]
}
