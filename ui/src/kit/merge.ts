/** Two people change the same thing: what the other one has changed, and both changes in one where they do not meet. */
import { isSame } from '#ui/api/same.ts'

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

/** A form by the names of its fields, for `differences` that are shown. */
export function named<Form extends object>(form: Form, names: { [Field in keyof Form]: string }): Fields {
  return Object.fromEntries(Object.entries(names).map(([field, name]) => [name as string, form[field as keyof Form]]))
}
