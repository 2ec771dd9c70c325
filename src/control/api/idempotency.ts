/**
 * `Idempotency-Key` on POST: a request that is sent again, because its answer got lost, gets the answer of the first one
 * and does nothing (draft-ietf-httpapi-idempotency-key-header-07). Keys belong to an organisation and last a day.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ControlContext } from '../context.ts'
import type { SystemTables } from '../store/tables/system.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False: the answer has secrets that are shown once, so none is kept; a repeat is a new request. */
    idempotent?: boolean
  }
}

export const KEPT_MS = 24 * 60 * 60_000
/** Without an answer for so long: the controller that was at it is gone, and another may try. */
export const ABANDONED_AFTER_MS = 5 * 60_000
const ANSWER_BYTES_MAX = 64 * 1024
const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/
/** Passing: the same request may be answered otherwise a moment later. */
const PASSING = [429]
/** Of what a route sets; the rest belongs to the transport. */
const KEPT_HEADERS = ['etag', 'location']

interface Claim {
  org_id: string
  key: string
}

/** For all routes below `app`, from here on. Comes after the guard, which says whose request it is. */
export function idempotency(app: FastifyInstance, context: ControlContext): void {
  const hashes = new WeakMap<FastifyRequest, string>()
  const claims = new WeakMap<FastifyRequest, Claim>()

  // Before the schema gets hold of the body: what was sent counts, not what became of it.
  app.addHook('preValidation', async (request) => {
    if (keyOf(request) !== undefined) hashes.set(request, hashOf(request, context))
  })

  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request)
    if (key === undefined) return undefined
    if (!KEY_PATTERN.test(key)) throw new Problem(400, 'an Idempotency-Key has 1 to 255 visible ASCII characters')
    const claim = { org_id: request.principal.org, key }
    const known = await take(context, claim, hashes.get(request)!)
    if (known === undefined) {
      claims.set(request, claim)
      return undefined
    }
    if (known.request_hash !== hashes.get(request))
      throw new Problem(422, 'this Idempotency-Key has been used for another request')
    if (known.status === null) {
      void reply.header('retry-after', 1)
      throw new Problem(409, 'the request with this Idempotency-Key is still under way')
    }
    return replay(reply, known)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const claim = claims.get(request)
    if (claim === undefined) return payload
    claims.delete(request)
    const body = Buffer.isBuffer(payload) ? payload.toString() : payload
    const isKept =
      reply.statusCode < 500 &&
      !PASSING.includes(reply.statusCode) &&
      (body === null || body === undefined || (typeof body === 'string' && Buffer.byteLength(body) <= ANSWER_BYTES_MAX))
    if (isKept) await keep(context, claim, reply, (body as string | null | undefined) ?? '')
    else await drop(context, claim)
    return payload
  })

  // What answers by itself, such as a stream of events, sends nothing through the hook above.
  app.addHook('onResponse', async (request) => {
    const claim = claims.get(request)
    if (claim !== undefined) await drop(context, claim)
  })
}

/** Deletes what is too old to count; to be called now and then. */
export async function forgetIdempotency({ db, clock }: Pick<ControlContext, 'db' | 'clock'>): Promise<void> {
  await db
    .deleteFrom('idempotency')
    .where('created_at', '<=', clock.wall() - KEPT_MS)
    .execute()
}

/** Undefined where there is none to mind. A dry run keeps nothing, so it can be repeated. */
function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || request.method !== 'POST') return undefined
  if (request.routeOptions.config.idempotent === false || request.principal === null) return undefined
  return /[?&]dry_run=(true|1|yes|on|y|enabled)(&|$)/i.test(request.url) ? undefined : key
}

/** Keyed, because bodies may hold secrets; and of one caller, so that nobody is given somebody else's answer. */
function hashOf({ principal, method, url, body }: FastifyRequest, { box }: ControlContext): string {
  const sent = Buffer.isBuffer(body) ? body.toString('base64') : body
  return box.fingerprint(JSON.stringify(['idempotency', principal.kind, principal.id, method, url, sent ?? null]))
}

/** Undefined: the key is ours now. Otherwise who has it. */
async function take(
  { db, clock }: ControlContext,
  claim: Claim,
  request_hash: string,
): Promise<SystemTables['idempotency'] | undefined> {
  const now = clock.wall()
  const fresh = { request_hash, status: null, content_type: null, body: null, headers: null, created_at: now }
  const taken = await db
    .insertInto('idempotency')
    .values({ ...claim, ...fresh })
    .onConflict((conflict) =>
      conflict
        .columns(['org_id', 'key'])
        .doUpdateSet(fresh)
        .where((eb) =>
          eb.or([
            eb('idempotency.created_at', '<=', now - KEPT_MS),
            eb.and([
              eb('idempotency.status', 'is', null),
              eb('idempotency.created_at', '<=', now - ABANDONED_AFTER_MS),
            ]),
          ]),
        ),
    )
    .executeTakeFirst()
  if (Number(taken.numInsertedOrUpdatedRows ?? 0) === 1) return undefined
  const known = await db
    .selectFrom('idempotency')
    .selectAll()
    .where('org_id', '=', claim.org_id)
    .where('key', '=', claim.key)
    .executeTakeFirst()
  // Dropped between the two: as good as under way.
  return known ?? { ...claim, ...fresh }
}

function replay(reply: FastifyReply, { status, content_type, headers, body }: SystemTables['idempotency']) {
  void reply.headers(JSON.parse(headers ?? '{}') as Record<string, string>)
  if (content_type !== null) void reply.header('content-type', content_type)
  return reply
    .code(status!)
    .header('idempotent-replayed', 'true')
    .serializer((text: unknown) => text as string)
    .send(body ?? '')
}

async function keep({ db }: ControlContext, { org_id, key }: Claim, reply: FastifyReply, body: string): Promise<void> {
  const type = reply.getHeader('content-type')
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, reply.getHeader(name)]] : [])),
  )
  const answer = { status: reply.statusCode, content_type: type === undefined ? null : String(type), body }
  await db
    .updateTable('idempotency')
    .set({ ...answer, headers: JSON.stringify(headers) })
    .where('org_id', '=', org_id)
    .where('key', '=', key)
    .execute()
}

async function drop({ db }: ControlContext, { org_id, key }: Claim): Promise<void> {
  await db
    .deleteFrom('idempotency')
    .where('org_id', '=', org_id)
    .where('key', '=', key)
    .where('status', 'is', null)
    .execute()
}
