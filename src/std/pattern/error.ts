/** Says why a pattern is refused and what to do. */
export class PatternError extends Error {
  override name = 'PatternError'
  readonly code: 'SG_PATTERN_SYNTAX' | 'SG_PATTERN_UNSAFE'
  constructor(code: PatternError['code'], message: string) {
    super(message)
    this.code = code
  }
}
