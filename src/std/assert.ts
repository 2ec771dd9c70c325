/** Broken invariants are our bugs: say so at once, with the reason, instead of going on with wrong data. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

export class AssertionError extends Error {
  override name = 'AssertionError'
}
