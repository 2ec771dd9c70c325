/** The `when` of a processor: it acts only on records for which the condition holds. Shape only; see `matcher.ts`. */
export type Condition = { all: Condition[] } | { any: Condition[] } | { not: Condition } | FieldTest

/** A field is a well-known name such as `service` or `level`, or a path `a/b/c`. Exactly one of the tests is set. */
export interface FieldTest {
  field: string
  equals?: string | number | boolean
  contains?: string
  regex?: string
  exists?: boolean
}
