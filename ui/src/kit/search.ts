/** Reading search parameters of the URL: what is not valid counts as not given, so an old link never breaks a screen. */

export type RawSearch = Record<string, unknown>

export function textIn(search: RawSearch, name: string, lengthMax = 512): string | undefined {
  const value = search[name]
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  return typeof text === 'string' && text !== '' && text.length <= lengthMax ? text : undefined
}

export function numberIn(search: RawSearch, name: string, min: number, max: number): number | undefined {
  const value = Number(search[name] ?? Number.NaN)
  return value >= min && value <= max ? value : undefined
}

export function oneOf<const Value extends string>(
  search: RawSearch,
  name: string,
  values: readonly Value[],
): Value | undefined {
  return values.find((value) => value === search[name])
}

export function flagIn(search: RawSearch, name: string): true | undefined {
  return search[name] === true || search[name] === 'true' || search[name] === 1 ? true : undefined
}

/**
 * For what `validateSearch` returns. Keys without a value stay: the router lays the answer over what the address says, so
 * that a key left out would let through what is not valid. It writes no such key into the address.
 */
export function asSearch<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return values as never
}
