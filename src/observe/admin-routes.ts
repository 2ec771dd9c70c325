/** What a node has kept, dead letters and what rules dropped, and what its admin port lets one do with it. */
import type { IncomingMessage } from 'node:http'
import {
  type DeadLetterSelection,
  type DeadLetterSummary,
  type DroppedSelection,
  type DroppedSummary,
  deadLetterSelection,
  droppedSelection,
  LISTED_MAX,
  type ListedDeadLetter,
  type ListedDroppedFilter,
  type ListedDroppedRecord,
  type Replayed,
} from '#contract/kept.ts'

/** What the node offers; undefined where it keeps nothing. */
export interface KeptRecords {
  deadLetterSummary(): DeadLetterSummary
  listDeadLetters(
    filter: {
      output?: string | undefined
      code?: string | undefined
      ids?: number[] | undefined
      after?: number | undefined
    },
    limit: number,
    whole: boolean,
  ): ListedDeadLetter[]
  countDeadLetters(selection: DeadLetterSelection): number
  dropDeadLetters(selection: DeadLetterSelection): number
  replayDeadLetters(selection: DeadLetterSelection): Promise<Replayed>
  droppedSummary(): DroppedSummary
  listDropped(filter: ListedDroppedFilter, limit: number): ListedDroppedRecord[]
  countDropped(selection: DroppedSelection): number
  replayDropped(selection: DroppedSelection): Promise<Replayed>
}

export interface KeptAnswer {
  status: number
  body: unknown
}

const BODY_BYTES_MAX = 1024 * 1024
const LISTED_DEFAULT = 100

/** Undefined: no such path. Only for requests from this machine: records may hold what is nobody else's business. */
export async function answerKept(
  request: IncomingMessage,
  kept: KeptRecords | undefined,
): Promise<KeptAnswer | undefined> {
  const url = new URL(request.url ?? '/', 'http://node')
  const route = routes[`${request.method} ${url.pathname}`]
  if (route === undefined) return isKnown(url.pathname) ? problem(405, 'That method is not known here.') : undefined
  if (!isLocal(request)) return problem(403, 'Records are shown and sent again only to this machine.')
  if (kept === undefined)
    return problem(409, 'This node keeps nothing: it has no data directory, or another process has it.')
  try {
    const body = request.method === 'POST' ? await bodyOf(request) : undefined
    return { status: 200, body: await route(kept, url.searchParams, body) }
  } catch (error) {
    if (error instanceof BadRequest) return problem(400, error.message)
    return problem(500, 'What is kept cannot be read now; see the log.')
  }
}

type Route = (kept: KeptRecords, query: URLSearchParams, body: unknown) => unknown

const routes: Record<string, Route> = {
  'GET /dead-letters/summary': (kept) => kept.deadLetterSummary(),
  'GET /dead-letters': (kept, query) => {
    const id = numberIn(query, 'id')
    const filter = {
      output: query.get('output') ?? undefined,
      code: query.get('code') ?? undefined,
      after: numberIn(query, 'after'),
      ids: id === undefined ? undefined : [id],
    }
    return kept.listDeadLetters(filter, limitIn(query), id !== undefined)
  },
  'POST /dead-letters/replay': (kept, _query, body) => kept.replayDeadLetters(selectionIn(body)),
  'POST /dead-letters/drop': (kept, _query, body) => ({ dropped: kept.dropDeadLetters(selectionIn(body)) }),
  'GET /dropped/summary': (kept) => kept.droppedSummary(),
  'GET /dropped': (kept, query) =>
    kept.listDropped(
      { pipeline: query.get('pipeline') ?? undefined, rule: query.get('rule') ?? undefined },
      limitIn(query),
    ),
  'POST /dropped/replay': (kept, _query, body) => {
    const selection = droppedSelection.safeParse(body)
    if (!selection.success) throw new BadRequest('Say which rule: {"rule":"…"}, and perhaps "pipeline" and "since".')
    return kept.replayDropped(selection.data)
  },
}

export const keptPaths = [...new Set(Object.keys(routes).map((route) => route.split(' ')[1]!))]

function isKnown(path: string): boolean {
  return keptPaths.includes(path)
}

class BadRequest extends Error {}

function selectionIn(body: unknown): DeadLetterSelection {
  const selection = deadLetterSelection.safeParse(body)
  if (!selection.success) throw new BadRequest('A selection has "output", "code", "ids" or "all": true.')
  const { output, code, ids, all } = selection.data
  if (output === undefined && code === undefined && ids === undefined && all === undefined)
    throw new BadRequest('Say which: "output", "code", "ids", or "all": true.')
  return selection.data
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new BadRequest(`"${name}" must be a whole number.`)
  return Number(text)
}

function limitIn(query: URLSearchParams): number {
  return Math.min(numberIn(query, 'limit') ?? LISTED_DEFAULT, LISTED_MAX)
}

/** From a page in a browser, whatever it is called, such a request has another Host, or an Origin. */
function isLocal(request: IncomingMessage): boolean {
  const peer = request.socket.remoteAddress ?? ''
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  const isLoopback = peer === '::1' || peer.startsWith('127.') || peer.startsWith('::ffff:127.')
  return isLoopback && request.headers.origin === undefined && /^(localhost|127\.[\d.]+|\[::1\])$/.test(host)
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!request.headers['content-type']?.startsWith('application/json')) throw new BadRequest('The body must be JSON.')
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > BODY_BYTES_MAX) throw new BadRequest('The body is too large.')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new BadRequest('The body is not JSON.')
  }
}

function problem(status: number, detail: string): KeptAnswer {
  return { status, body: { status, detail } }
}
