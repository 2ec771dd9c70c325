/** Two people change the same thing: what the other one has changed, and both changes in one where they do not meet. */

export type Fields = Record<string, unknown>

export interface Difference {
  field: string
  before: unknown
  after: unknown
  /** What stands in the form, where it is neither. */
  mine?: unknown
}

/** What has changed from `base` to `theirs`, field by field. */
export function differences(base: Fields, theirs: Fields, mine: Fields): Difference[] {
  return Object.keys(theirs)
    .filter((field) => !isSame(base[field], theirs[field]))
    .map((field) => ({
      field,
      before: base[field],
      after: theirs[field],
      ...(!isSame(mine[field], base[field]) && !isSame(mine[field], theirs[field]) && { mine: mine[field] }),
    }))
}

/** `theirs`, with what `mine` has changed since `base`. */
export function merged<Form extends Fields>(base: Form, mine: Form, theirs: Form): Form {
  const changed = Object.entries(mine).filter(([field, value]) => !isSame(value, base[field]))
  return { ...theirs, ...Object.fromEntries(changed) }
}

/** Of JSON values; the order of keys does not count, that of lists does. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const [left, right] = [one as Fields, other as Fields]
  const keys = Object.keys(left)
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(right).length &&
    keys.every((key) => key in right && isSame(left[key], right[key]))
  )
}
