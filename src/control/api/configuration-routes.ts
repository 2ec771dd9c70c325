/** Configurations and their drafts, whole and by their parts: sources, pipelines, processors, outputs, upstreams. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/configuration.ts'
import {
  type AnyDocument,
  addConfiguration,
  type ConfigurationRow,
  countConfigurations,
  deleteConfiguration,
  draftOf,
  findConfiguration,
  hasChanges,
  listConfigurations,
  liveVersion,
  lockConfiguration,
  policyOf,
  updateConfiguration,
} from '../configurations/configurations.ts'
import { masked, restored, Unrestorable } from '../configurations/masking.ts'
import { listOf, type Part, type PartList, partKinds, usersOf, withoutPart, withPart } from '../configurations/parts.ts'
import type { ControlContext } from '../context.ts'
import {
  editDraft,
  emptyDocument,
  noSuchConfiguration,
  parseDraft,
  refuseComplaints,
  requireOwnKind,
} from './drafts.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

type Document = contract.ConfigurationDocument

const tags = ['configurations']
const read = { permission: 'read' } as const
/** Drafts are kept as JSON. */
const edit = { permission: 'edit', keptAsJson: true } as const
const refusals = { 401: problem, 403: problem, 404: problem, 422: problem }
const writing = { ...refusals, 400: problem, 409: problem, 412: problem, 428: problem }
const named = z.object({ configuration: z.string().min(1).max(128) })
const part = z.looseObject({ id: contract.entityId })
const anyObject = z.record(z.string(), z.unknown())

export async function configurationRoutes(instance: FastifyInstance, context: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, box } = context

  const list = {
    summary: 'The configurations',
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(contract.configuration), ...refusals },
  }
  app.get('/configurations', { config: read, schema: list }, async ({ principal, query }) => {
    const after = keyFrom(query.cursor, 'string') ?? ''
    const rows = await listConfigurations(db, principal.org, after, query.limit + 1)
    const items = await Promise.all(rows.map((row) => shown(context, row)))
    return toPage(
      items,
      query.limit,
      ({ name }) => name,
      (item) => item,
    )
  })

  const add = {
    summary: 'Add a configuration',
    tags,
    querystring: writeQuery,
    body: contract.newConfiguration,
    response: { 201: contract.configuration, ...writing },
  }
  app.post('/configurations', { config: edit, schema: add }, async (request, reply) => {
    const { name, kind } = request.body
    const draft = parseDraft(request.body.draft ?? (kind === 'streamgate' ? emptyDocument : { files: {} }), kind)
    if (kind === 'streamgate')
      refuseComplaints(context.runtime.checkDocument(draft as Document), '', 'the draft is not valid')
    const { org, name: by } = request.principal
    const result = await change(context, request, async (tx) => {
      if ((await countConfigurations(tx, org)) >= contract.CONFIGURATIONS_MAX)
        throw new Problem(422, `there are ${contract.CONFIGURATIONS_MAX} configurations already, which is the limit`)
      if (!(await addConfiguration(tx, org, name, kind, draft, clock.wall(), by)))
        throw new Problem(409, `there is a configuration "${name}" already`, [{ pointer: '/name', detail: 'is taken' }])
      const row = await findConfiguration(tx, org, name)
      return {
        result: await shown({ ...context, db: tx }, row!),
        audit: { action: 'configuration.add', object: objectOf(name), detail: { kind } },
      }
    })
    return reply.code(201).send(result)
  })

  const one = {
    summary: 'A configuration',
    tags,
    params: named,
    response: { 200: contract.configuration, ...refusals },
  }
  app.get('/configurations/:configuration', { config: read, schema: one }, async (request, reply) => {
    const row = await found(context, request, request.params.configuration)
    void reply.header('etag', etagOf(row.policy))
    return await shown(context, row)
  })

  const update = {
    summary: 'Change what its publications must fulfil',
    tags,
    params: named,
    querystring: writeQuery,
    body: contract.configurationChange,
    response: { 200: contract.configuration, ...writing },
  }
  app.patch(
    '/configurations/:configuration',
    { config: { permission: 'admin' }, schema: update },
    async (request, reply) => {
      const { configuration: name } = request.params
      return await change(context, request, async (tx) => {
        const row = await lockConfiguration(tx, context.dialect, request.principal.org, name)
        if (row === undefined) throw noSuchConfiguration(name)
        requireMatch(request, reply, etagOf(row.policy))
        const policy = JSON.stringify(request.body.policy)
        await updateConfiguration(tx, row, { policy })
        void reply.header('etag', etagOf(policy))
        const detail = { before: policyOf(row), after: request.body.policy }
        const result = await shown({ ...context, db: tx }, { ...row, policy })
        return { result, audit: { action: 'configuration.policy', object: objectOf(name), detail } }
      })
    },
  )

  const remove = {
    summary: 'Delete a configuration with its versions',
    tags,
    params: named,
    querystring: writeQuery,
    response: { 204: z.null(), ...writing },
  }
  app.delete(
    '/configurations/:configuration',
    { config: { permission: 'admin' }, schema: remove },
    async (request, reply) => {
      const { configuration: name } = request.params
      if (name === contract.DEFAULT_CONFIGURATION) throw new Problem(409, 'the default configuration stays')
      await change(context, request, async (tx) => {
        const row = await lockConfiguration(tx, context.dialect, request.principal.org, name)
        if (row === undefined) throw noSuchConfiguration(name)
        requireMatch(request, reply, etagOf(row.policy))
        await deleteConfiguration(tx, row.org_id, name)
        return { result: null, audit: { action: 'configuration.delete', object: objectOf(name) } }
      })
      return reply.code(204).send(null)
    },
  )

  const draft = {
    summary: 'The draft, with secrets masked',
    tags,
    params: named,
    response: { 200: anyObject, ...refusals },
  }
  app.get('/configurations/:configuration/draft', { config: read, schema: draft }, async (request, reply) => {
    const row = await found(context, request, request.params.configuration)
    void reply.header('etag', draftTag(row))
    return masked(draftOf(row)) as Record<string, unknown>
  })

  const replace = {
    summary: 'Replace the draft',
    description: 'What reads `[redacted]` keeps the value that is stored.',
    tags,
    params: named,
    querystring: writeQuery,
    body: anyObject,
    response: { 200: anyObject, ...writing },
  }
  app.put('/configurations/:configuration/draft', { config: edit, schema: replace }, async (request, reply) => {
    const { configuration: name } = request.params
    return await editDraft<AnyDocument, Record<string, unknown>>(context, request, name, (before, row) => {
      requireMatch(request, reply, draftTag(row))
      const document = unmask(parseDraft(request.body, row.kind), before)
      if (row.kind === 'streamgate')
        refuseComplaints(context.runtime.checkDocument(document as Document), '', 'the draft is not valid')
      const isSame = JSON.stringify(document) === row.draft
      void reply.header('etag', draftTag(isSame ? row : { ...row, revision: row.revision + 1 }))
      const result = masked(document) as Record<string, unknown>
      return isSame
        ? { result, audit: null }
        : { document, result, audit: { action: 'draft.replace', object: objectOf(name) } }
    })
  })

  const reset = {
    summary: 'Throw the changes of the draft away',
    tags,
    params: named,
    querystring: writeQuery,
    response: { 200: anyObject, ...writing },
  }
  app.post('/configurations/:configuration/draft/reset', { config: edit, schema: reset }, async (request) => {
    const { configuration: name } = request.params
    const row = await found(context, request, name)
    const live = await liveVersion(db, row)
    if (live === undefined) throw new Problem(409, 'nothing has been published that the draft could go back to')
    const document = JSON.parse(live.content) as AnyDocument
    return await editDraft(context, request, name, () => ({
      document,
      result: masked(document) as Record<string, unknown>,
      audit: { action: 'draft.reset', object: objectOf(name), detail: { to: live.number } },
    }))
  })

  const check = {
    summary: 'Check a document without keeping it',
    tags,
    params: named,
    body: anyObject.nullish(),
    response: {
      200: z.object({ problems: z.array(z.object({ pointer: z.string(), detail: z.string() })) }),
      ...refusals,
    },
  }
  app.post(
    '/configurations/:configuration/validate',
    { config: { ...read, keptAsJson: true }, schema: check },
    async (request) => {
      const row = await found(context, request, request.params.configuration)
      const document = request.body == null ? draftOf(row) : parseDraft(request.body, row.kind)
      return { problems: row.kind === 'streamgate' ? context.runtime.checkDocument(document as Document) : [] }
    },
  )

  for (const kind of partKinds) partRoutes(app, kind)
  partRoutes(app, 'processors')

  function partRoutes(app: FastifyInstance, kind: PartList['kind']): void {
    const typed = app.withTypeProvider<ZodTypeProvider>()
    const isNested = kind === 'processors'
    const base = `/configurations/:configuration/${isNested ? 'pipelines/:pipeline/processors' : kind}`
    const within = isNested ? named.extend({ pipeline: z.string().min(1).max(128) }) : named
    const byId = within.extend({ id: z.string().min(1).max(128) })
    const placed = writeQuery.extend({
      position: z.coerce.number().int().min(0).max(1000).optional().describe('Where in the list, from 0.'),
    })
    const noun = kind.slice(0, -1)
    const aNoun = /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`
    const listFor = (params: Record<string, string>): PartList =>
      kind === 'processors' ? { kind, pipeline: params['pipeline']! } : { kind }

    const all = {
      summary: `The ${kind} of the draft`,
      tags,
      params: within,
      response: { 200: z.object({ items: z.array(part) }), ...refusals },
    }
    typed.get(base, { config: read, schema: all }, async (request, reply) => {
      const row = await found(context, request, request.params.configuration)
      void reply.header('etag', draftTag(row))
      return { items: masked(partsOf(row, listFor(request.params))) }
    })

    const add = {
      summary: `Add ${aNoun}`,
      tags,
      params: within,
      querystring: placed,
      body: part,
      response: { 201: part, ...writing },
    }
    typed.post(base, { config: edit, schema: add }, async (request, reply) => {
      const { params, body, query } = request
      const list = listFor(params)
      const added = await editDraft<Document, Part>(context, request, params.configuration, (document, row) => {
        if (partsOf(row, list).some(({ id }) => id === body.id))
          throw new Problem(409, `there is ${aNoun} "${body.id}" already`, [{ pointer: '/id', detail: 'is taken' }])
        return {
          ...put(document, list, unmask(body, undefined), query.position),
          audit: auditOf('add', params, body.id, undefined, body),
        }
      })
      return reply.code(201).header('etag', partTag(added)).send(masked(added))
    })

    const one = { summary: `A${aNoun.slice(1)}`, tags, params: byId, response: { 200: part, ...refusals } }
    typed.get(`${base}/:id`, { config: read, schema: one }, async (request, reply) => {
      const row = await found(context, request, request.params.configuration)
      const entry = entryOf(row, listFor(request.params), request.params.id)
      void reply.header('etag', partTag(entry))
      return masked(entry)
    })

    const replace = {
      summary: `Replace ${aNoun}, or move it`,
      tags,
      params: byId,
      querystring: placed,
      body: part.partial({ id: true }),
      response: { 200: part, ...writing },
    }
    typed.put(`${base}/:id`, { config: edit, schema: replace }, async (request, reply) => {
      const { params, body, query } = request
      if (body['id'] !== undefined && body['id'] !== params.id)
        throw new Problem(422, `${aNoun} keeps its id`, [
          { pointer: '/id', detail: `must be "${params.id}", or left out` },
        ])
      const list = listFor(params)
      const changed = await editDraft<Document, Part>(context, request, params.configuration, (document, row) => {
        const before = entryOf(row, list, params.id)
        requireMatch(request, reply, partTag(before))
        const next = unmask({ ...body, id: params.id }, before)
        return {
          ...put(document, list, next, query.position),
          audit: auditOf('update', params, params.id, before, next),
        }
      })
      void reply.header('etag', partTag(changed))
      return masked(changed)
    })

    const remove = {
      summary: `Delete ${aNoun}`,
      tags,
      params: byId,
      querystring: writeQuery,
      response: { 204: z.null(), ...writing },
    }
    typed.delete(`${base}/:id`, { config: edit, schema: remove }, async (request, reply) => {
      const { params } = request
      const list = listFor(params)
      await editDraft<Document, null>(context, request, params.configuration, (document, row) => {
        const before = entryOf(row, list, params.id)
        requireMatch(request, reply, partTag(before))
        const users = list.kind === 'processors' ? [] : usersOf(document, list.kind, params.id)
        if (users.length > 0) throw new Problem(409, `it is in use by ${users.join(', ')}`)
        return {
          document: withoutPart(document, list, params.id),
          result: null,
          audit: auditOf('delete', params, params.id, before, undefined),
        }
      })
      return reply.code(204).send(null)
    })

    function auditOf(verb: string, params: Record<string, string>, id: string, before: unknown, after: unknown) {
      const place = isNested ? `pipelines/${params['pipeline']}/processors` : kind
      const detail = {
        ...(before === undefined ? {} : { before: masked(before) }),
        ...(after === undefined ? {} : { after: masked(after) }),
      }
      return { action: `${noun}.${verb}`, object: `${objectOf(params['configuration']!)}/${place}/${id}`, detail }
    }
  }

  /** The document with the part in it, checked where it stands. */
  function put(document: Document, list: PartList, entry: Part, position: number | undefined) {
    const next = withPart(document, list, entry, position)
    const at = listOf(next, list)!.findIndex(({ id }) => id === entry.id)
    const pipeline = list.kind === 'processors' ? document.pipelines.findIndex(({ id }) => id === list.pipeline) : -1
    const base = list.kind === 'processors' ? `/pipelines/${pipeline}/processors/${at}` : `/${list.kind}/${at}`
    const parsed = parseDraft(next, 'streamgate', base) as Document
    refuseComplaints(context.runtime.checkDocument(parsed), base, `the ${list.kind.slice(0, -1)} is not valid`)
    return { document: parsed, result: listOf(parsed, list)![at]! }
  }

  function partTag(entry: Part): string {
    return etagOf(box.fingerprint(JSON.stringify(entry)))
  }
}

/** The draft's tag: it counts its changes. */
export function draftTag({ revision }: Pick<ConfigurationRow, 'revision'>): string {
  return `"r${revision}"`
}

export async function found(
  context: ControlContext,
  { principal }: FastifyRequest,
  name: string,
): Promise<ConfigurationRow> {
  const row = await findConfiguration(context.db, principal.org, name)
  if (row === undefined) throw noSuchConfiguration(name)
  return row
}

async function shown({ db }: Pick<ControlContext, 'db'>, row: ConfigurationRow): Promise<contract.Configuration> {
  const live = await liveVersion(db, row)
  return {
    name: row.name,
    kind: row.kind as contract.ConfigurationKind,
    live_version: row.live_version,
    has_changes: hasChanges(row, live),
    policy: policyOf(row),
    created_at: row.created_at,
    updated_at: row.updated_at,
    updated_by: row.updated_by,
  }
}

function partsOf(row: ConfigurationRow, list: PartList): Part[] {
  requireOwnKind(row)
  const parts = listOf(draftOf(row) as Document, list)
  if (parts === undefined)
    throw new Problem(404, `there is no pipeline "${list.kind === 'processors' ? list.pipeline : ''}"`)
  return parts
}

function entryOf(row: ConfigurationRow, list: PartList, id: string): Part {
  const entry = partsOf(row, list).find((candidate) => candidate.id === id)
  if (entry === undefined) throw new Problem(404, `there is no ${list.kind.slice(0, -1)} "${id}"`)
  return entry
}

export function unmask<Value>(next: Value, stored: unknown): Value {
  try {
    return restored(next, stored)
  } catch (error) {
    if (!(error instanceof Unrestorable)) throw error
    const complaints = error.pointers.map((pointer) => ({ pointer, detail: 'is masked, and no value is stored here' }))
    throw new Problem(422, 'a masked value has nothing to stand for: send the value itself', complaints)
  }
}

function objectOf(name: string): string {
  return `configurations/${name}`
}
