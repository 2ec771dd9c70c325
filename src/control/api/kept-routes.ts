/** What gateways have kept: dead letters of their outputs, and what their rules dropped. It stands there, and is asked for there. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/kept.ts'
import type { KeptAsk, KeptReply, KeptTopic } from '#contract/kept-messages.ts'
import { type AuditNote, writeAudit } from '../access/audit.ts'
import { isOnline } from '../fleet/gateway.ts'
import type { NoAnswer } from '../fleet/kept-questions.ts'
import { gatewayOf } from '../fleet/records.ts'
import { type FleetContext, rowOf } from './fleet-routes.ts'
import { keyFrom, pageOf, pageQuery } from './paging.ts'
import { Problem } from './problem.ts'
import { etagOf, writeQuery } from './writing.ts'

const READ_MS_MAX = 5_000
/** Sending again may wait for outputs. */
const ACT_MS_MAX = 25_000

const tags = ['kept']
const params = z.object({ id: z.string().min(1).max(64) })
const refusals = { '4xx': problem, 503: problem, 504: problem }
const name = z.string().max(256).optional()

export async function keptRoutes(instance: FastifyInstance, context: FleetContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const read = { permission: 'read' } as const
  const tap = { permission: 'tap' } as const
  const operate = { permission: 'operate' } as const
  const ask = <Topic extends KeptTopic>(request: FastifyRequest, topic: Topic, question: KeptAsk<Topic>) =>
    askGateway(context, request, topic, question, READ_MS_MAX)

  const letters = {
    summary: 'Dead letters of a gateway, oldest first',
    description: 'Records that an output refused for good, without their contents. They have been through the rules.',
    tags,
    params,
    querystring: pageQuery.extend({ output: name, code: name.describe('Such as `http_400`.') }),
    response: { 200: pageOf(contract.deadLetter), ...refusals },
  }
  app.get('/gateways/:id/dead-letters', { config: tap, schema: letters }, async (request) => {
    const { limit, cursor, ...filter } = request.query
    const after = keyFrom(cursor, 'number')
    return page(await ask(request, 'dead_letters', { ...filter, after, limit }))
  })

  const letter = {
    summary: 'A dead letter, as it was encoded for its output',
    tags,
    params: params.extend({ letter: z.string().regex(/^\d{1,15}$/, 'must be the id of a dead letter') }),
    response: { 200: contract.deadLetter, ...refusals },
  }
  app.get('/gateways/:id/dead-letters/:letter', { config: tap, schema: letter }, async (request, reply) => {
    const id = Number(request.params.letter)
    const found = await ask(request, 'dead_letter', { id })
    if (found === null) throw new Problem(404, `the gateway has no dead letter ${id}`)
    void reply.header('etag', etagOf(JSON.stringify(found)))
    return found
  })

  const letterSummary = {
    summary: 'How many dead letters a gateway has, by output and reason',
    tags,
    params,
    response: { 200: contract.deadLetterSummary, ...refusals },
  }
  app.get('/gateways/:id/dead-letters/summary', { config: read, schema: letterSummary }, (request) =>
    ask(request, 'dead_letters_summary', {}),
  )

  const replayLetters = {
    summary: 'Send dead letters again, from the oldest on',
    description: 'A dry run says how many they are. What is refused again is a dead letter again.',
    tags,
    params,
    querystring: writeQuery,
    body: contract.boundedSelection,
    response: { 200: contract.replayed, ...refusals },
  }
  app.post('/gateways/:id/dead-letters/replay', { config: operate, schema: replayLetters }, async (request) => {
    const selection = request.body
    const { records } = await ask(request, 'dead_letters_count', { selection })
    if (records === 0 || request.query.dry_run) return { replayed: records, skipped: 0 }
    await note(context, request, 'gateway.dead_letters.replay', { selection, records })
    return askGateway(context, request, 'dead_letters_replay', { selection }, ACT_MS_MAX)
  })

  const dropLetters = {
    summary: 'Give up dead letters',
    description: 'A dry run says how many they are.',
    tags,
    params,
    querystring: writeQuery,
    body: contract.boundedSelection,
    response: { 200: contract.droppedLetters, ...refusals },
  }
  app.post('/gateways/:id/dead-letters/drop', { config: operate, schema: dropLetters }, async (request) => {
    const selection = request.body
    const { records } = await ask(request, 'dead_letters_count', { selection })
    if (records === 0 || request.query.dry_run) return { dropped: records }
    await note(context, request, 'gateway.dead_letters.drop', { selection, records })
    return askGateway(context, request, 'dead_letters_drop', { selection }, ACT_MS_MAX)
  })

  const dropped = {
    summary: 'What rules of a gateway dropped, newest first',
    description: 'As it would have gone out: redacted. Kept where a pipeline has `keep_dropped`.',
    tags,
    params,
    querystring: pageQuery.extend({ pipeline: name, rule: name }),
    response: { 200: pageOf(contract.droppedRecord), ...refusals },
  }
  app.get('/gateways/:id/dropped', { config: tap, schema: dropped }, async (request) => {
    const { limit, cursor, ...filter } = request.query
    const before = contract.droppedId.optional().safeParse(keyFrom(cursor, 'string'))
    if (!before.success)
      throw new Problem(422, 'the cursor is none that this list has given', [
        { pointer: '/cursor', detail: 'is not valid' },
      ])
    return page(await ask(request, 'dropped', { ...filter, before: before.data, limit }))
  })

  const droppedSummary = {
    summary: 'How much of what rules dropped a gateway has, by pipeline and rule',
    tags,
    params,
    response: { 200: contract.droppedSummary, ...refusals },
  }
  app.get('/gateways/:id/dropped/summary', { config: read, schema: droppedSummary }, (request) =>
    ask(request, 'dropped_summary', {}),
  )

  const replayDropped = {
    summary: 'Send what a rule dropped after all, past the rules',
    description: 'A dry run says how many records that are.',
    tags,
    params,
    querystring: writeQuery,
    body: contract.droppedSelection,
    response: { 200: contract.replayed, ...refusals },
  }
  app.post('/gateways/:id/dropped/replay', { config: operate, schema: replayDropped }, async (request) => {
    const selection = request.body
    const { records } = await ask(request, 'dropped_count', { selection })
    if (records === 0 || request.query.dry_run) return { replayed: records, skipped: 0 }
    await note(context, request, 'gateway.dropped.replay', { selection, records })
    return askGateway(context, request, 'dropped_replay', { selection }, ACT_MS_MAX)
  })
}

/** Answers 404, 409, 503 or 504 when there is no answer to be had. */
async function askGateway<Topic extends KeptTopic>(
  { db, fleet, clock }: Pick<FleetContext, 'db' | 'fleet' | 'clock'>,
  request: FastifyRequest,
  topic: Topic,
  ask: KeptAsk<Topic>,
  timeoutMs: number,
): Promise<KeptReply<Topic>> {
  const { org } = request.principal
  const { id } = request.params as z.output<typeof params>
  const row = await rowOf(db, org, id)
  const outcome = await fleet.kept.ask(org, id, topic, ask, timeoutMs)
  if (outcome.refused === undefined) return outcome.answer
  const elsewhere = isOnline(gatewayOf(row), clock.wall(), fleet.offlineIntervalMs)
  const [status, why] = outcome.refused === 'away' && elsewhere ? ELSEWHERE : WHY_NOT[outcome.refused]
  throw new Problem(status, `the gateway "${row.name ?? (row.host || id)}" ${why}`)
}

const ELSEWHERE: [number, string] = [409, 'is connected to another controller of this store; ask that one']
const WHY_NOT: Record<NoAnswer, [number, string]> = {
  away: [409, 'is not connected'],
  http: [409, 'talks to this controller over plain HTTP, by which it cannot be asked; a WebSocket can'],
  foreign: [409, 'does not know the question: it is no node of this product, or of an older version'],
  nothing_kept: [
    409,
    'keeps nothing: nothing that it runs wants a disk, it has no data directory, or another process has that',
  ],
  busy: [503, 'is answering others; ask again in a moment'],
  failed: [503, 'cannot read what it has kept now; its log says why'],
  strange: [503, 'answered what this controller does not understand; it may be of another version'],
  gone: [503, 'went away before it answered'],
  crowded: [503, 'is not asked: too many questions wait for answers; ask again in a moment'],
  silent: [504, 'has not answered in time; what it was asked to do, it may do still'],
}

function page<Item extends { id: string | number }>({ items, more }: { items: Item[]; more: boolean }) {
  const last = more ? items.at(-1) : undefined
  const cursor = last === undefined ? null : Buffer.from(JSON.stringify(last.id)).toString('base64url')
  return { items, next_cursor: cursor }
}

/** Written before it is done: nothing is done that nobody knows of. */
async function note(
  { db, clock }: FleetContext,
  { principal, params }: FastifyRequest,
  action: string,
  detail: AuditNote['detail'],
): Promise<void> {
  const { id } = params as { id: string }
  const entry = { action, object: `gateways/${id}`, detail }
  await db.transaction().execute((tx) => writeAudit(tx, principal, clock.wall(), entry))
}
