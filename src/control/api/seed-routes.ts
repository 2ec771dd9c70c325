/**
 * Rules, outputs, batch size and publishing as the original product had them: a view on the default pipeline of the default
 * configuration, at the root and under /api/v1. Whoever writes last wins, as there.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as api from '#contract/api.ts'
import { type ConfigurationDocument, DEFAULT_CONFIGURATION, DEFAULT_PIPELINE } from '#contract/configuration.ts'
import { type ManifestOutput, type ManifestProcessor, manifestProcessor } from '#contract/manifest.ts'
import { draftOf, findConfiguration, parseContent } from '../configurations/configurations.ts'
import { masked } from '../configurations/masking.ts'
import { type Part, type PartList, withoutPart, withPart } from '../configurations/parts.ts'
import {
  BATCH_SIZE_DEFAULT,
  batchSizeOf,
  defaultPipeline,
  manifestOf,
  outputEntry,
  outputsOf,
} from '../configurations/projection.ts'
import type { Announcer } from '../configurations/publication.ts'
import type { ControlContext } from '../context.ts'
import { type Edit, editDraft } from './drafts.ts'
import { Problem } from './problem.ts'
import { publishDraft } from './publishing.ts'
import { writeQuery } from './writing.ts'

type Options = ControlContext & { announcer: Announcer }
type Document = ConfigurationDocument
type Pipeline = Document['pipelines'][number]

const idInPath = z.object({ id: z.string().min(1).max(256) })
const refusals = { 400: api.problem, 401: api.problem, 403: api.problem, 422: api.problem }
const RULES: PartList = { kind: 'processors', pipeline: DEFAULT_PIPELINE }
const EMPTY_PIPELINE: Pipeline = { id: DEFAULT_PIPELINE, sources: [], processors: [], outputs: [] }
/** Clients of the original product may say more than it asked for. */
const lenientQuery = z.object(writeQuery.shape)
const read = { permission: 'read' } as const
const edit = { permission: 'edit', unconditional: true, keptAsJson: true } as const

export async function seedRoutes(instance: FastifyInstance, context: Options): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { runtime } = context

  const rules = { summary: 'The rules, in order', tags: ['rules'], response: { 200: z.array(z.unknown()) } }
  app.get('/rules', { config: read, schema: rules }, async (request) => {
    const pipeline = defaultPipeline(await draft(context, request))
    return masked(pipeline?.processors ?? [])
  })

  const add = {
    summary: 'Add a rule at the end',
    tags: ['rules'],
    querystring: lenientQuery,
    body: api.rule,
    response: { 200: api.ruleAdded, ...refusals },
  }
  app.post('/rules', { config: edit, schema: add }, async (request) => {
    const rule = checkedRule(context, request.body)
    return await onDraft(context, request, (document, pipeline) => {
      if (pipeline.processors.length >= api.RULES_MAX)
        throw new Problem(422, `there are ${api.RULES_MAX} rules already, which is the limit`)
      if (pipeline.processors.some(({ id }) => id === rule.id)) {
        throw new Problem(400, `there is a rule "${rule.id}" already`, [{ pointer: '/id', detail: 'is taken' }])
      }
      const result = { status: 'added' as const, rule: masked(rule) }
      const audit = { action: 'rule.add', object: objectOf(rule.id), detail: { after: masked(rule) } }
      return { document: withPart(document, RULES, rule as Part), result, audit }
    })
  })

  const put = {
    summary: 'Replace a rule in its place',
    tags: ['rules'],
    params: idInPath,
    querystring: lenientQuery,
    body: api.ruleBody.extend({ id: z.string().optional() }),
    response: { 200: api.ruleUpdated, 404: api.problem, ...refusals },
  }
  app.put('/rules/:id', { config: edit, schema: put }, async (request) => {
    const { params, body } = request
    if (body.id !== undefined && body.id !== params.id) {
      throw new Problem(422, 'a rule keeps its id', [{ pointer: '/id', detail: `must be "${params.id}", or left out` }])
    }
    const rule = checkedRule(context, { ...body, id: params.id })
    return await onDraft(context, request, (document, pipeline) => {
      const before = pipeline.processors.find(({ id }) => id === rule.id)
      if (before === undefined) throw noSuchRule(params.id)
      const detail = { before: masked(before), after: masked(rule) }
      const audit = { action: 'rule.update', object: objectOf(rule.id), detail }
      const result = { status: 'updated' as const, rule: masked(rule) }
      return { document: withPart(document, RULES, rule as Part), result, audit }
    })
  })

  const list = { summary: 'The outputs', tags: ['outputs'], response: { 200: z.array(z.unknown()) } }
  app.get('/outputs', { config: read, schema: list }, async (request) => {
    const document = await draft(context, request)
    return masked(manifestOf(document)?.pipelines[0]?.outputs ?? [])
  })

  const addOutput = {
    summary: 'Add an output to the default pipeline',
    tags: ['outputs'],
    querystring: lenientQuery,
    body: api.output,
    response: { 200: api.outputAdded, ...refusals },
  }
  app.post('/outputs', { config: edit, schema: addOutput }, async (request) => {
    const output = withoutNulls(request.body)
    refuse(runtime.checkOutput(output), 'the output is not valid')
    return await onDraft(context, request, (document, pipeline) => {
      if (pipeline.outputs.length >= api.OUTPUTS_MAX)
        throw new Problem(422, `there are ${api.OUTPUTS_MAX} outputs already, which is the limit`)
      const others = outputsOf(document, pipeline)
      if (output.url !== undefined && others.some(({ url }) => url === output.url)) {
        throw new Problem(400, 'there is an output with this URL already', [{ pointer: '/url', detail: 'is taken' }])
      }
      const entry = outputEntry(output, others)
      if (document.outputs.some(({ id }) => id === entry.id)) {
        throw new Problem(400, `there is an output "${entry.id}" already`, [{ pointer: '/id', detail: 'is taken' }])
      }
      const outputs = [...pipeline.outputs, entry.id]
      const next = withPart(document, { kind: 'outputs' }, entry)
      const audit = { action: 'output.add', object: `outputs/${entry.id}`, detail: { after: masked(entry) } }
      const result = { status: 'added' as const, output: masked(output) }
      return { document: withPart(next, { kind: 'pipelines' }, { ...pipeline, outputs } as Part), result, audit }
    })
  })

  const readSize = { summary: 'Records in a batch', tags: ['config'], response: { 200: api.batchSizeRead } }
  app.get('/config/batch_size', { config: read, schema: readSize }, async (request) => {
    const pipeline = defaultPipeline(await draft(context, request))
    return { batch_size: pipeline === undefined ? BATCH_SIZE_DEFAULT : batchSizeOf(pipeline) }
  })
}

/**
 * What takes no body: none is read, of whatever type it is. `curl -d ''` sends an empty form, other clients say
 * `application/json` and send nothing.
 */
export async function seedCommandRoutes(instance: FastifyInstance, context: Options): Promise<void> {
  instance.removeAllContentTypeParsers()
  instance.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  const app = instance.withTypeProvider<ZodTypeProvider>()

  const remove = {
    summary: 'Delete a rule',
    tags: ['rules'],
    params: idInPath,
    querystring: lenientQuery,
    response: { 200: api.ruleDeleted, 404: api.problem, ...refusals },
  }
  app.delete('/rules/:id', { config: edit, schema: remove }, async (request) => {
    const { id } = request.params
    return await onDraft(context, request, (document, pipeline) => {
      const before = pipeline.processors.find((rule) => rule.id === id)
      if (before === undefined) throw noSuchRule(id)
      const audit = { action: 'rule.delete', object: objectOf(id), detail: { before: masked(before) } }
      return { document: withoutPart(document, RULES, id), result: { status: 'deleted' as const, id }, audit }
    })
  })

  const clear = {
    summary: 'Delete all outputs',
    tags: ['outputs'],
    querystring: lenientQuery,
    response: { 200: api.cleared, ...refusals },
  }
  app.delete('/outputs', { config: edit, schema: clear }, async (request) => {
    return await onDraft(context, request, (document, pipeline) => {
      const result = { status: 'cleared' as const }
      if (pipeline.outputs.length === 0) return { result, audit: null }
      const elsewhere = new Set(
        document.pipelines.filter(({ id }) => id !== pipeline.id).flatMap((other) => other.outputs),
      )
      const gone = new Set(pipeline.outputs.filter((id) => !elsewhere.has(id)))
      const next = { ...document, outputs: document.outputs.filter(({ id }) => !gone.has(id)) }
      const audit = { action: 'output.clear', object: `pipelines/${pipeline.id}`, detail: { before: pipeline.outputs } }
      return { document: withPart(next, { kind: 'pipelines' }, { ...pipeline, outputs: [] } as Part), result, audit }
    })
  })

  const setSize = {
    summary: 'Set the records in a batch',
    tags: ['config'],
    querystring: lenientQuery.extend({ size: api.batchSize }),
    response: { 200: api.batchSizeUpdated, ...refusals },
  }
  app.post('/config/batch_size', { config: edit, schema: setSize }, async (request) => {
    const { size } = request.query
    return await onDraft(context, request, (document, pipeline) => {
      const result = { status: 'updated' as const, batch_size: size }
      const before = batchSizeOf(pipeline)
      const batch = { ...(pipeline['batch'] as object | undefined), max_records: size }
      const audit = { action: 'batch_size.update', object: `pipelines/${pipeline.id}`, detail: { before, after: size } }
      return { document: withPart(document, { kind: 'pipelines' }, { ...pipeline, batch } as Part), result, audit }
    })
  })

  const publish = {
    summary: 'Send what stands here to the gateways',
    tags: ['config'],
    querystring: lenientQuery,
    response: { 200: api.publishedAnswer, 503: api.problem, ...refusals },
  }
  app.post('/publish', { config: { permission: 'publish' }, schema: publish }, async (request) => {
    const request_ = { message: '' }
    const { version, told } = await publishDraft(context, request, DEFAULT_CONFIGURATION, request_)
    if (told?.nobody === true) throw new Problem(503, told.warning ?? 'no node could be told')
    const manifest = manifestOf(parseContent('streamgate', version.content) as Document) ?? EMPTY_MANIFEST
    const answer = {
      status: 'published' as const,
      manifest: masked(manifest),
      subscribers_notified: told?.notified ?? 0,
    }
    return told?.warning === undefined ? answer : { ...answer, warning: told.warning }
  })
}

const EMPTY_MANIFEST = {
  version: '1.0' as const,
  pipelines: [{ name: DEFAULT_PIPELINE, processors: [], outputs: [], batch_size: BATCH_SIZE_DEFAULT }],
}

async function draft({ db }: ControlContext, { principal }: FastifyRequest): Promise<Document> {
  const row = await findConfiguration(db, principal.org, DEFAULT_CONFIGURATION)
  if (row === undefined) throw new Problem(404, 'this organisation has no default configuration')
  return draftOf(row) as Document
}

async function onDraft<Result>(
  context: ControlContext,
  request: FastifyRequest,
  work: (document: Document, pipeline: Pipeline) => Edit<Result>,
): Promise<Result> {
  return await editDraft<Document, Result>(context, request, DEFAULT_CONFIGURATION, (document) => {
    const pipeline = defaultPipeline(document)
    if (pipeline !== undefined) return work(document, pipeline)
    return work(withPart(document, { kind: 'pipelines' }, EMPTY_PIPELINE as Part), EMPTY_PIPELINE)
  })
}

function checkedRule({ runtime }: ControlContext, body: z.output<typeof api.rule>): ManifestProcessor {
  const rule = manifestProcessor.parse(withoutNulls(body))
  refuse(runtime.checkRule(rule), 'the rule is not valid')
  return rule
}

function refuse(complaints: { pointer: string; detail: string }[], what: string): void {
  const first = complaints[0]
  if (first !== undefined) throw new Problem(422, `${what}: ${first.pointer.slice(1)} ${first.detail}`, complaints)
}

function noSuchRule(id: string): Problem {
  return new Problem(404, `there is no rule "${id}"`)
}

function objectOf(rule: string): string {
  return `configurations/${DEFAULT_CONFIGURATION}/pipelines/${DEFAULT_PIPELINE}/processors/${rule}`
}

/** What is null, or was left out, is not there. */
function withoutNulls(value: object): ManifestOutput {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== null && part !== undefined),
  ) as ManifestOutput
}
