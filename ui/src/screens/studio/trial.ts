/**
 * Rules as they are tried: those of the draft, and what somebody tries on top of them. The draft goes on under it: what others
 * change there shows, and only what was tried differs.
 */
import type { ManifestProcessor } from '#contract/manifest.ts'

export type Rule = ManifestProcessor

export interface Trial {
  /** Rules that are switched off for the trial. */
  off: readonly string[]
  /** Rules of the draft that were edited: as they were then, and as they are tried. */
  edited: Readonly<Record<string, { was: Rule; now: Rule }>>
  added: readonly Rule[]
  /** All rules in the order of the trial; null: as in the draft. */
  order: readonly string[] | null
}

export interface TrialRule {
  rule: Rule
  /** `new`: the draft has no such rule. `changed`: it has another form there. `conflict`: the draft has changed since. */
  state: 'same' | 'changed' | 'conflict' | 'new'
  isOff: boolean
}

export const NO_TRIAL: Trial = { off: [], edited: {}, added: [], order: null }

export function chainOf(draft: readonly Rule[], trial: Trial): TrialRule[] {
  const rules = new Map<string, Rule>()
  for (const rule of [...draft, ...trial.added]) if (!rules.has(rule.id)) rules.set(rule.id, rule)
  const drafted = new Set(draft.map(({ id }) => id))
  return orderOf([...rules.keys()], trial.order).map((id) => {
    const rule = rules.get(id)!
    const isOff = trial.off.includes(id)
    if (!drafted.has(id)) return { rule, state: 'new', isOff }
    const edit = trial.edited[id]
    if (edit === undefined || isEqual(edit.now, rule)) return { rule, state: 'same', isOff }
    return { rule: edit.now, state: isEqual(edit.was, rule) ? 'changed' : 'conflict', isOff }
  })
}

/** The trial without what the draft says by itself by now. */
export function settled(draft: readonly Rule[], trial: Trial): Trial {
  const byId = new Map(draft.map((rule) => [rule.id, rule]))
  const chain = chainOf(draft, trial)
  const edits = Object.entries(trial.edited).filter(([id, { now }]) => byId.has(id) && !isEqual(byId.get(id), now))
  const order = chain.map(({ rule }) => rule.id)
  const added = trial.added.filter(({ id }) => !byId.has(id))
  const natural = [...draft, ...added].map(({ id }) => id)
  return {
    off: trial.off.filter((id) => order.includes(id)),
    edited: Object.fromEntries(edits),
    added,
    order: trial.order === null || isEqual(order, natural) ? null : order,
  }
}

/** What the draft's rules become: by all of the trial, or by one rule of it. New rules that are off are not written. */
export function written(draft: readonly Rule[], trial: Trial, only?: string): Rule[] {
  const chain = chainOf(draft, trial)
  if (only === undefined) return chain.filter(({ state, isOff }) => state !== 'new' || !isOff).map(({ rule }) => rule)
  const one = chain.find(({ rule }) => rule.id === only)
  if (one === undefined) return [...draft]
  if (one.state !== 'new') return draft.map((rule) => (rule.id === only ? one.rule : rule))
  const ids = chain.map(({ rule }) => rule.id)
  const before = new Set(ids.slice(0, ids.indexOf(only)))
  const place = draft.findLastIndex(({ id }) => before.has(id)) + 1
  return [...draft.slice(0, place), one.rule, ...draft.slice(place)]
}

export function added(trial: Trial, rule: Rule): Trial {
  return { ...trial, added: [...trial.added, rule], order: trial.order === null ? null : [...trial.order, rule.id] }
}

export function toggled(trial: Trial, id: string): Trial {
  const off = trial.off.includes(id) ? trial.off.filter((one) => one !== id) : [...trial.off, id]
  return { ...trial, off }
}

/** `rule` takes the place of the rule `id`; only new rules can get another id. */
export function replaced(draft: readonly Rule[], trial: Trial, id: string, rule: Rule): Trial {
  const was = draft.find((one) => one.id === id)
  if (was !== undefined) {
    const { [id]: _before, ...others } = trial.edited
    return { ...trial, edited: isEqual(was, rule) ? others : { ...others, [id]: { was, now: { ...rule, id } } } }
  }
  const renamed = (one: string) => (one === id ? rule.id : one)
  return {
    off: trial.off.map(renamed),
    edited: trial.edited,
    added: trial.added.map((one) => (one.id === id ? rule : one)),
    order: trial.order?.map(renamed) ?? null,
  }
}

/** A new rule goes; one of the draft is as it stands there again. */
export function taken(trial: Trial, id: string): Trial {
  const { [id]: _edit, ...edited } = trial.edited
  const isNew = trial.added.some((rule) => rule.id === id)
  return {
    off: trial.off.filter((one) => one !== id),
    edited,
    added: trial.added.filter((rule) => rule.id !== id),
    order: isNew ? (trial.order?.filter((one) => one !== id) ?? null) : trial.order,
  }
}

/** `by` places down, or up. */
export function moved(draft: readonly Rule[], trial: Trial, id: string, by: number): Trial {
  const order = chainOf(draft, trial).map(({ rule }) => rule.id)
  const from = order.indexOf(id)
  const to = from + by
  if (from === -1 || to < 0 || to >= order.length) return trial
  order.splice(to, 0, ...order.splice(from, 1))
  return { ...trial, order }
}

/** `wanted`, or with the first number behind it that is free. */
export function freeId(wanted: string, takenIds: readonly string[]): string {
  if (!takenIds.includes(wanted)) return wanted
  let number = 2
  while (takenIds.includes(`${wanted}_${number}`)) number++
  return `${wanted}_${number}`
}

/** Rules that the order does not know stand behind the one before them. */
function orderOf(natural: readonly string[], order: readonly string[] | null): string[] {
  if (order === null) return [...natural]
  const result = order.filter((id) => natural.includes(id))
  for (const [place, id] of natural.entries()) {
    if (!result.includes(id)) result.splice(place === 0 ? 0 : result.indexOf(natural[place - 1]!) + 1, 0, id)
  }
  return result
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

/** With keys in one order; lists keep theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
