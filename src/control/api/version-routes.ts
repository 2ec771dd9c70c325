/** Versions: publishing, history, differences, restoring, export. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/configuration.ts'
import {
  type ConfigurationRow,
  EMPTY_CONTENT,
  findVersion,
  listVersions,
  liveVersion,
  type VersionRow,
} from '../configurations/configurations.ts'
import { diffDocuments } from '../configurations/diff.ts'
import { masked } from '../configurations/masking.ts'
import type { Announcer } from '../configurations/publication.ts'
import type { ControlContext } from '../context.ts'
import { draftTag, found } from './configuration-routes.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { type Publishing, publishDraft, restoreVersion } from './publishing.ts'
import { etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['versions']
const read = { permission: 'read' } as const
const publishing = { permission: 'publish' } as const
const refusals = { 401: problem, 403: problem, 404: problem, 409: problem, 422: problem }
const named = z.object({ configuration: z.string().min(1).max(128) })
const numbered = named.extend({ number: z.coerce.number().pipe(contract.versionNumber) })
const content = z.record(z.string(), z.unknown())

export async function versionRoutes(
  instance: FastifyInstance,
  context: ControlContext & { announcer: Announcer },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db } = context

  const publish = {
    summary: 'Publish the draft as a new version',
    description: 'With If-Match only the draft that has this ETag.',
    tags,
    params: named,
    querystring: writeQuery,
    body: contract.publishRequest,
    response: { 200: contract.published, ...refusals, 412: problem },
  }
  app.post(
    '/configurations/:configuration/publish',
    { config: publishing, schema: publish },
    async (request, reply) => {
      const { params, body } = request
      const expect = (row: ConfigurationRow) => {
        if (request.headers['if-match'] !== undefined) requireMatch(request, reply, draftTag(row))
      }
      return answerOf(await publishDraft(context, request, params.configuration, body, expect))
    },
  )

  const list = {
    summary: 'The versions, newest first',
    tags,
    params: named,
    querystring: pageQuery,
    response: { 200: pageOf(contract.version), ...refusals },
  }
  app.get('/configurations/:configuration/versions', { config: read, schema: list }, async (request) => {
    const { params, query } = request
    const row = await found(context, request, params.configuration)
    const before = keyFrom(query.cursor, 'number')
    const last = before === undefined ? undefined : Math.min(before, contract.VERSIONS_MAX)
    const rows = await listVersions(db, row.org_id, row.name, last, query.limit + 1)
    return toPage(
      rows,
      query.limit,
      ({ number }) => number,
      (version) => shown(version, row.live_version),
    )
  })

  const one = {
    summary: 'A version with its content, secrets masked',
    tags,
    params: numbered,
    response: { 200: contract.version.extend({ content }), ...refusals },
  }
  app.get('/configurations/:configuration/versions/:number', { config: read, schema: one }, async (request, reply) => {
    const { row, version } = await versionOf(request, request.params)
    void reply.header('etag', etagOf(version.sha256))
    return { ...shown(version, row.live_version), content: masked(JSON.parse(version.content)) }
  })

  const receipt = {
    summary: 'The impact receipt that a version was published with',
    tags: ['receipts'],
    params: numbered,
    response: { 200: content, ...refusals },
  }
  app.get(
    '/configurations/:configuration/versions/:number/receipt',
    { config: read, schema: receipt },
    async (request) => {
      const { version } = await versionOf(request, request.params)
      if (version.receipt === null) throw new Problem(404, `version ${version.number} was published without a receipt`)
      return JSON.parse(version.receipt)
    },
  )

  const restore = {
    summary: 'Publish the content of an old version as a new one',
    tags,
    params: numbered,
    querystring: writeQuery,
    body: contract.publishRequest,
    response: { 200: contract.published, ...refusals },
  }
  const path = '/configurations/:configuration/versions/:number/restore'
  app.post(path, { config: publishing, schema: restore }, async (request) => {
    const { configuration, number } = request.params
    return answerOf(await restoreVersion(context, request, configuration, number, request.body))
  })

  const diff = {
    summary: 'What two contents differ in',
    tags,
    params: named,
    querystring: z.object({ from: contract.contentRef.default('live'), to: contract.contentRef.default('draft') }),
    response: { 200: contract.diff, ...refusals },
  }
  app.get('/configurations/:configuration/diff', { config: read, schema: diff }, async (request) => {
    const { from, to } = request.query
    const row = await found(context, request, request.params.configuration)
    const [before, after] = await Promise.all([contentOf(context, row, from), contentOf(context, row, to)])
    return { from, to, entries: diffDocuments(JSON.parse(before), JSON.parse(after)) }
  })

  const exported = {
    summary: 'A content as a document, secrets masked; what the draft takes back',
    tags,
    params: named,
    querystring: z.object({ content: contract.contentRef.default('draft') }),
    response: { 200: content, ...refusals },
  }
  app.get('/configurations/:configuration/export', { config: read, schema: exported }, async (request) => {
    const row = await found(context, request, request.params.configuration)
    return masked(JSON.parse(await contentOf(context, row, request.query.content)))
  })

  async function versionOf(request: FastifyRequest, { configuration, number }: z.output<typeof numbered>) {
    const row = await found(context, request, configuration)
    const version = await findVersion(db, row.org_id, row.name, number)
    if (version === undefined) throw new Problem(404, `"${configuration}" has no version ${number}`)
    return { row, version }
  }
}

/** The stored text. Of `live` before anything was published: an empty document. */
export async function contentOf(
  { db }: ControlContext,
  row: ConfigurationRow,
  ref: contract.ContentRef,
): Promise<string> {
  if (ref === 'draft') return row.draft
  if (ref === 'live')
    return (await liveVersion(db, row))?.content ?? EMPTY_CONTENT[row.kind as contract.ConfigurationKind]
  const version = await findVersion(db, row.org_id, row.name, ref)
  if (version === undefined) throw new Problem(404, `"${row.name}" has no version ${ref}`)
  return version.content
}

function answerOf({ version, changed, told }: Publishing): z.output<typeof contract.published> {
  const answer = { version: shown(version, version.number), notified: told?.notified ?? 0, changed }
  return told?.warning === undefined ? answer : { ...answer, warning: told.warning }
}

function shown(version: VersionRow, live: number | null): contract.Version {
  const { number, sha256, parent, restored_from, author, message, created_at } = version
  const has_receipt = version.receipt !== null
  return { number, sha256, parent, restored_from, author, message, created_at, has_receipt, live: number === live }
}
