/** Equality of JSON values. The order of keys does not count, that of lists does; a key without a value is no key. */

export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>]
  return (
    Array.isArray(one) === Array.isArray(other) &&
    Object.keys({ ...left, ...right }).every((key) => isSame(left[key], right[key]))
  )
}
