/** Live records over server-sent events: what comes in, what rules make of it, what goes out. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import { fates, type TapSelection } from '#contract/observation.ts'
import { writeAudit } from '../access/audit.ts'
import type { ControlContext } from '../context.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { Problem } from './problem.ts'

/** A watcher that has so much unread loses what comes; the gateways lose nothing. */
const UNREAD_BYTES_MAX = 1024 * 1024
/** So that proxies keep the connection, and a watcher that is gone is noticed. */
const COMMENT_MS = 15_000
const WATCH_MS_MAX = 3_600_000

const query = z.object({
  configuration: z.string().max(128).default(DEFAULT_CONFIGURATION),
  gateway: z.string().max(64).optional().describe('Id of a gateway; by default up to 16 of the configuration.'),
  pipeline: z.string().max(128).optional(),
  rule: z.string().max(128).optional().describe('Only records that this rule ended or edited.'),
  fate: z.enum(fates).optional(),
  when: z.string().max(16_384).optional().describe('A condition as rules have it, as JSON.'),
  per_second_max: z.coerce.number().int().min(1).max(1000).default(20),
  raw: z.stringbool().default(false).describe('Unredacted. Needs the permission `tap:raw` and a reason.'),
  reason: z.string().max(1024).optional(),
})

export async function tapRoutes(instance: FastifyInstance, context: ControlContext & { fleet: Fleet }): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, fleet } = context
  const schema = {
    summary: 'Watch records go by (server-sent events)',
    description:
      'Events: `records` {gateway, records, skipped} and `end` {gateway, reason}. Redacted by the rules that run.',
    tags: ['tap'],
    querystring: query,
    response: {
      200: { content: { 'text/event-stream': { schema: z.string() } } },
      401: problem,
      403: problem,
      422: problem,
      429: problem,
    },
  }
  app.get('/tap', { config: { permission: 'tap' }, schema }, async (request, reply) => {
    const { principal, query } = request
    const selection = selectionOf(query)
    if (query.raw) {
      if (!principal.permissions.has('tap:raw'))
        throw new Problem(403, `${principal.name} lacks the permission "tap:raw"`)
      const reason = query.reason?.trim()
      if (!reason)
        throw new Problem(422, 'say why you look at unredacted records', [{ pointer: '/reason', detail: 'is missing' }])
      const detail = { selection, gateway: query.gateway ?? null }
      const note = { action: 'tap.raw', object: `configurations/${query.configuration}`, detail, reason }
      await db.transaction().execute((tx) => writeAudit(tx, principal, clock.wall(), note))
    }
    const stream = reply.raw
    let lost = 0
    const send = (event: string, data: unknown) => stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    const filter = {
      configuration: query.configuration,
      ...(query.gateway === undefined ? {} : { gateways: [query.gateway] }),
    }
    const stop = fleet.observers.tap(principal.org, filter, selection, ({ records, skipped, ended }, gateway) => {
      if (ended !== undefined) return void send('end', { gateway, reason: ended })
      if (stream.writableLength > UNREAD_BYTES_MAX) {
        lost += records.length + skipped
        return
      }
      send('records', { gateway, records, skipped: skipped + lost })
      lost = 0
    })
    if (stop === undefined) throw new Problem(429, 'too many taps are open; close one')
    reply.hijack()
    stream.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    stream.write(': watching\n\n')
    const comments = setInterval(() => stream.write(':\n\n'), COMMENT_MS)
    const end = clock.after(WATCH_MS_MAX, () => {
      send('end', { gateway: null, reason: 'an hour is over; watch again' })
      stream.end()
    })
    stream.once('close', () => {
      clearInterval(comments)
      end.cancel()
      stop()
    })
  })
}

function selectionOf({ pipeline, rule, fate, when, raw, per_second_max }: z.output<typeof query>): TapSelection {
  const parts = { pipeline, rule, fate, when: when === undefined ? undefined : parsed(when) }
  const given = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined))
  return { ...given, raw, per_second_max }
}

function parsed(when: string): unknown {
  try {
    return JSON.parse(when)
  } catch {
    throw new Problem(422, 'the condition is not JSON', [{ pointer: '/when', detail: 'is not JSON' }])
  }
}
