/** Which outputs a pipeline leads to, day by day: what its configuration said then. */
import type { Db, Tx } from '../store/database.ts'

export interface Routing {
  /** By pipeline; empty where the gateways' own files say it. */
  outputs: Map<string, string[]>
  /** By output. */
  types: Map<string, string>
}

/** Versions that are looked at; of older days the oldest of them counts. */
const VERSIONS_MAX = 200
const NOTHING: Routing = { outputs: new Map(), types: new Map() }

/** Answers for the end of a day: the newest version from before, or the oldest there is. */
export async function routings(
  db: Db | Tx,
  org: string,
  configuration: string,
  from: number,
  to: number,
): Promise<(until: number) => Routing> {
  const versions = db
    .selectFrom('versions')
    .select(['number', 'created_at'])
    .where('org_id', '=', org)
    .where('configuration', '=', configuration)
  const within = await versions
    .where('created_at', '>=', from)
    .where('created_at', '<', to)
    .orderBy('number', 'desc')
    .limit(VERSIONS_MAX)
    .execute()
  const before = await versions.where('created_at', '<', from).orderBy('number', 'desc').limit(1).execute()
  const first = before.length > 0 ? before : await versions.orderBy('number').limit(1).execute()
  const numbers = [...new Set([...first, ...within].map(({ number }) => number))]
  if (numbers.length === 0) return () => NOTHING
  const contents = await db
    .selectFrom('versions')
    .select(['content', 'created_at'])
    .where('org_id', '=', org)
    .where('configuration', '=', configuration)
    .where('number', 'in', numbers)
    .orderBy('number')
    .execute()
  const known = contents.map(({ content, created_at }) => ({ routing: routingOf(content), at: created_at }))
  return (until) => (known.findLast(({ at }) => at < until) ?? known[0])?.routing ?? NOTHING
}

/** Of a document of the kind `streamgate`; any other leads nowhere that we know. */
export function routingOf(content: string): Routing {
  const outputs = new Map<string, string[]>()
  const types = new Map<string, string>()
  const document = parsed(content)
  for (const { id, outputs: list } of entries(document?.['pipelines'])) {
    if (typeof id !== 'string') continue
    const named = Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string') : []
    if (named.length > 0) outputs.set(id, [...new Set(named)])
  }
  for (const { id, type } of entries(document?.['outputs']))
    if (typeof id === 'string' && typeof type === 'string') types.set(id, type)
  return { outputs, types }
}

function parsed(content: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(content)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function entries(list: unknown): Record<string, unknown>[] {
  if (!Array.isArray(list)) return []
  return list.filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null)
}
