/** Which of the routes that several owners have put up is meant by a request. */
import type { Route } from '#component/exchange.ts'

export interface PlacedRoute<Owner> {
  route: Route
  owner: Owner
}

export type Found<Owner> =
  | { kind: 'route'; placed: PlacedRoute<Owner>; params: Params }
  | { kind: 'other_methods'; allow: string[]; owner: Owner }
  /** `nearest`: whose routes begin as the path does, for the longest. */
  | { kind: 'unknown'; nearest: Owner | undefined }

type Params = Readonly<Record<string, string>>
const NONE: Params = {}

export class RouteTable<Owner> {
  /** Routes without names and `*`, by path. */
  readonly #literal = new Map<string, PlacedRoute<Owner>[]>()
  /** The others, the more particular first. */
  #patterns: { placed: PlacedRoute<Owner>; segments: string[] }[] = []

  /** The route that is there already for the same requests, or undefined when `route` was put in. */
  add(route: Route, owner: Owner): PlacedRoute<Owner> | undefined {
    const same = this.#same(route)
    if (same !== undefined) return same
    const placed = { route, owner }
    const segments = segmentsOf(route.path)
    if (segments.every(isLiteral)) {
      this.#literal.set(route.path, [...(this.#literal.get(route.path) ?? []), placed])
    } else {
      this.#patterns = [...this.#patterns, { placed, segments }].sort((a, b) => compare(a.segments, b.segments))
    }
    return undefined
  }

  remove(owner: Owner): void {
    for (const [path, placed] of this.#literal) {
      const left = placed.filter((each) => each.owner !== owner)
      if (left.length === 0) this.#literal.delete(path)
      else this.#literal.set(path, left)
    }
    this.#patterns = this.#patterns.filter(({ placed }) => placed.owner !== owner)
  }

  find(method: string, path: string): Found<Owner> {
    const literal = this.#literal.get(path) ?? []
    for (const placed of literal) if (placed.route.method === method) return { kind: 'route', placed, params: NONE }
    return this.#search(method, path, literal)
  }

  #search(method: string, path: string, literal: readonly PlacedRoute<Owner>[]): Found<Owner> {
    const segments = segmentsOf(path)
    const matching = literal.map((placed) => ({ placed, params: NONE }))
    for (const { placed, segments: wanted } of this.#patterns) {
      const params = match(wanted, segments)
      if (params !== undefined) matching.push({ placed, params })
    }
    const found =
      matching.find(({ placed }) => placed.route.method === method) ??
      (method === 'HEAD' ? matching.find(({ placed }) => placed.route.method === 'GET') : undefined)
    if (found !== undefined) return { kind: 'route', ...found }
    const [first] = matching
    if (first === undefined) return { kind: 'unknown', nearest: this.#nearest(segments) }
    const allow = new Set<string>(matching.map(({ placed }) => placed.route.method))
    if (allow.has('GET')) allow.add('HEAD')
    return { kind: 'other_methods', allow: [...allow], owner: first.placed.owner }
  }

  #all(): PlacedRoute<Owner>[] {
    return [...[...this.#literal.values()].flat(), ...this.#patterns.map(({ placed }) => placed)]
  }

  #same(route: Route): PlacedRoute<Owner> | undefined {
    const shape = shapeOf(route.path)
    return this.#all().find((placed) => placed.route.method === route.method && shapeOf(placed.route.path) === shape)
  }

  #nearest(segments: readonly string[]): Owner | undefined {
    let best: Owner | undefined
    let most = -1
    for (const { route, owner } of this.#all()) {
      const common = segmentsOf(route.path).findIndex((segment, i) => segment !== segments[i])
      const length = common === -1 ? segments.length : common
      if (length > most) {
        most = length
        best = owner
      }
    }
    return best
  }
}

function segmentsOf(path: string): string[] {
  return path.split('/').slice(1)
}

function isLiteral(segment: string): boolean {
  return segment !== '*' && !segment.startsWith(':')
}

/** Same shape, same requests. */
function shapeOf(path: string): string {
  return path.replace(/\/:[^/]+/g, '/:')
}

/** Literals before names before `*`, from the left. */
function compare(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = rank(a[i]) - rank(b[i])
    if (difference !== 0) return difference
  }
  return 0
}

function rank(segment: string | undefined): number {
  if (segment === undefined || segment === '*') return 2
  return isLiteral(segment) ? 0 : 1
}

function match(wanted: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const open = wanted.at(-1) === '*'
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return undefined
  const params: Record<string, string> = Object.create(null)
  for (let i = 0; i < wanted.length; i++) {
    const part = wanted[i]!
    const segment = segments[i]!
    if (part === '*') params['*'] = segments.slice(i).join('/')
    else if (!part.startsWith(':')) {
      if (part !== segment) return undefined
    } else {
      if (segment === '') return undefined
      params[part.slice(1)] = decoded(segment)
    }
  }
  return params
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
