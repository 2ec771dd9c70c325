/** Impact receipts of drafts and versions, made when asked for and kept for the publication that uses them. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { type ConfigurationDocument, contentRef, entityId } from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import { receipt } from '#contract/receipt.ts'
import { uuidv7 } from '#std/uuid.ts'
import { liveVersion, parseContent, sha256 } from '../configurations/configurations.ts'
import { type Part, type PartList, withPart } from '../configurations/parts.ts'
import type { ControlContext } from '../context.ts'
import { makeReceipt } from '../receipts/making.ts'
import type { Price } from '../receipts/money.ts'
import type { GatewayRecords } from '../runtime.ts'
import type { Db, Tx } from '../store/database.ts'
import { found } from './configuration-routes.ts'
import { parseDraft, refuseComplaints, requireOwnKind } from './drafts.ts'
import { anyDocument, givenDocument } from './plan-routes.ts'
import { Problem } from './problem.ts'
import { contentOf } from './version-routes.ts'
import { etagOf } from './writing.ts'

/** Of one configuration; the oldest go. */
const RECEIPTS_KEPT_MAX = 50
/** Each runs rules over up to some ten thousand records in a thread. */
const RECEIPTS_AT_ONCE_MAX = 2

const tags = ['receipts']
const read = { permission: 'read' } as const
const refusals = { 401: problem, 403: problem, 404: problem, 409: problem, 422: problem, 429: problem }
const named = z.object({ configuration: z.string().min(1).max(128) })
const stored = z.object({ id: z.string(), receipt }).meta({ id: 'StoredReceipt' })

export interface ReceiptParts {
  gateways: GatewayRecords
  /** Prices of these outputs that hold at a time. */
  prices(db: Db, org: string, document: ConfigurationDocument, at: number, configuration: string): Promise<Price[]>
}

export async function receiptRoutes(instance: FastifyInstance, context: ControlContext & ReceiptParts): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, runtime, gateways } = context
  let underWay = 0

  const make = {
    summary: 'What a draft or version would do to the traffic of the last minutes, beside what is live',
    tags,
    params: named,
    body: z.strictObject({
      content: contentRef.default('draft'),
      document: anyDocument.optional().describe('Instead of `content`: a document that is kept nowhere.'),
      rule: z
        .strictObject({ pipeline: z.string().min(1).max(128), processor: z.looseObject({ id: entityId }) })
        .optional()
        .describe('A rule at the end of a pipeline, in addition; such as one that was suggested.'),
    }),
    response: { 201: stored, ...refusals },
  }
  app.post('/configurations/:configuration/receipts', { config: read, schema: make }, async (request, reply) => {
    const row = await found(context, request, request.params.configuration)
    requireOwnKind(row)
    const { content, document: given, rule } = request.body
    const base =
      given === undefined
        ? await contentOf(context, row, content)
        : JSON.stringify(givenDocument(context, row, given, '/document'))
    const candidate = rule === undefined ? base : withRule(base, rule)
    if (given === undefined || rule !== undefined)
      refuseComplaints(runtime.checkDocument(JSON.parse(candidate)), '', 'it is not valid')
    if (underWay >= RECEIPTS_AT_ONCE_MAX) {
      void reply.header('retry-after', '5')
      throw new Problem(429, `${RECEIPTS_AT_ONCE_MAX} receipts are being made already; try again in a moment`)
    }
    underWay++
    try {
      const live = await liveVersion(db, row)
      const document = documentOf(candidate)
      const made = await makeReceipt(
        { clock, runtime, gateways },
        {
          org: row.org_id,
          configuration: row.name,
          live: live === undefined ? undefined : { hash: live.sha256, document: documentOf(live.content) },
          candidate: { hash: sha256(candidate), document },
          prices: await context.prices(db, row.org_id, document, clock.wall(), row.name),
        },
      )
      const id = uuidv7(clock.wall())
      const values = { org_id: row.org_id, id, configuration: row.name, sha256: made.candidate }
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('receipts')
          .values({ ...values, created_at: made.made_at, receipt: JSON.stringify(made) })
          .execute()
        await forgetOldest(tx, row.org_id, row.name)
      })
      return await reply.code(201).send({ id, receipt: made })
    } catch (error) {
      if (error instanceof StreamgateError && error.code === 'SG_REPLAY') throw new Problem(422, error.message)
      throw error
    } finally {
      underWay--
    }
  })

  const one = {
    summary: 'A receipt',
    tags,
    params: named.extend({ id: z.string().max(64) }),
    response: { 200: stored, ...refusals },
  }
  app.get('/configurations/:configuration/receipts/:id', { config: read, schema: one }, async (request, reply) => {
    const { configuration, id } = request.params
    const row = await db
      .selectFrom('receipts')
      .selectAll()
      .where('org_id', '=', request.principal.org)
      .where('configuration', '=', configuration)
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) throw new Problem(404, `there is no receipt "${id}"`)
    // It never changes.
    void reply.header('etag', etagOf(row.id))
    return { id, receipt: JSON.parse(row.receipt) }
  })
}

function withRule(content: string, { pipeline, processor }: { pipeline: string; processor: Part }): string {
  const document = documentOf(content)
  if (!document.pipelines.some(({ id }) => id === pipeline))
    throw new Problem(422, `there is no pipeline "${pipeline}"`, [
      { pointer: '/rule/pipeline', detail: 'is not there' },
    ])
  const list: PartList = { kind: 'processors', pipeline }
  return JSON.stringify(parseDraft(withPart(document, list, processor), 'streamgate'))
}

function documentOf(content: string): ConfigurationDocument {
  return parseContent('streamgate', content) as ConfigurationDocument
}

/** Ids sort by time. */
async function forgetOldest(tx: Tx, org: string, configuration: string): Promise<void> {
  const oldest = await tx
    .selectFrom('receipts')
    .select('id')
    .where('org_id', '=', org)
    .where('configuration', '=', configuration)
    .orderBy('id', 'desc')
    .offset(RECEIPTS_KEPT_MAX)
    .limit(1)
    .executeTakeFirst()
  if (oldest === undefined) return
  await tx
    .deleteFrom('receipts')
    .where('org_id', '=', org)
    .where('configuration', '=', configuration)
    .where('id', '<=', oldest.id)
    .execute()
}
