/** Rules, outputs, batch size and publishing. The same routes stand at the root, as the original product had them, and under /api/v1. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as api from '#contract/api.ts'
import type { ManifestOutput, ManifestProcessor } from '#contract/manifest.ts'
import { nodeStats } from '#contract/stats.ts'
import { maskManifest, maskOutput } from '../manifest.ts'
import type { Publication } from '../publication.ts'
import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { Problem } from './problem.ts'

export interface RouteOptions {
  store: Store
  runtime: Runtime
  publication: Publication
}

const idInPath = z.object({ id: z.string().min(1).max(256) })
const refusals = { 400: api.problem, 422: api.problem }

export async function routes(instance: FastifyInstance, { store, runtime }: RouteOptions): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()

  app.get(
    '/rules',
    { schema: { summary: 'The rules, in order', tags: ['rules'], response: { 200: z.array(z.unknown()) } } },
    () => store.rules(),
  )

  const add = {
    summary: 'Add a rule at the end',
    tags: ['rules'],
    body: api.rule,
    response: { 200: api.ruleAdded, ...refusals },
  }
  app.post('/rules', { schema: add }, async ({ body }) => {
    const rule = checkedRule(runtime, body)
    if ((await store.rules()).length >= api.RULES_MAX)
      throw new Problem(422, `there are ${api.RULES_MAX} rules already, which is the limit`)
    if (!(await store.addRule(rule))) {
      throw new Problem(400, `there is a rule "${rule.id}" already`, [{ pointer: '/id', detail: 'is taken' }])
    }
    return { status: 'added' as const, rule }
  })

  const put = {
    summary: 'Replace a rule in its place',
    tags: ['rules'],
    params: idInPath,
    body: api.ruleBody.extend({ id: z.string().optional() }),
    response: { 200: api.ruleUpdated, 404: api.problem, ...refusals },
  }
  app.put('/rules/:id', { schema: put }, async ({ params, body }) => {
    if (body.id !== undefined && body.id !== params.id) {
      throw new Problem(422, 'a rule keeps its id', [{ pointer: '/id', detail: `must be "${params.id}", or left out` }])
    }
    const rule = checkedRule(runtime, { ...body, id: params.id })
    if (!(await store.replaceRule(rule))) throw noSuchRule(params.id)
    return { status: 'updated' as const, rule }
  })

  const list = { summary: 'The outputs', tags: ['outputs'], response: { 200: z.array(z.unknown()) } }
  app.get('/outputs', { schema: list }, async () => (await store.outputs()).map(maskOutput))

  const addOutput = {
    summary: 'Add an output',
    tags: ['outputs'],
    body: api.output,
    response: { 200: api.outputAdded, ...refusals },
  }
  app.post('/outputs', { schema: addOutput }, async ({ body }) => {
    const output = withoutNulls(body)
    refuse(runtime.checkOutput(output), 'the output is not valid')
    if ((await store.outputs()).length >= api.OUTPUTS_MAX)
      throw new Problem(422, `there are ${api.OUTPUTS_MAX} outputs already, which is the limit`)
    if (!(await store.addOutput(output))) {
      throw new Problem(400, 'there is an output with this URL already', [{ pointer: '/url', detail: 'is taken' }])
    }
    return { status: 'added' as const, output: maskOutput(output) }
  })

  const readSize = { summary: 'Records in a batch', tags: ['config'], response: { 200: api.batchSizeRead } }
  app.get('/config/batch_size', { schema: readSize }, async () => ({ batch_size: await store.batchSize() }))
}

/**
 * What takes no body: none is read, of whatever type it is. `curl -d ''` sends an empty form, other clients say
 * `application/json` and send nothing.
 */
export async function commandRoutes(instance: FastifyInstance, { store, publication }: RouteOptions): Promise<void> {
  instance.removeAllContentTypeParsers()
  instance.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  const app = instance.withTypeProvider<ZodTypeProvider>()

  const remove = {
    summary: 'Delete a rule',
    tags: ['rules'],
    params: idInPath,
    response: { 200: api.ruleDeleted, 404: api.problem },
  }
  app.delete('/rules/:id', { schema: remove }, async ({ params: { id } }) => {
    if (!(await store.deleteRule(id))) throw noSuchRule(id)
    return { status: 'deleted' as const, id }
  })

  const clear = { summary: 'Delete all outputs', tags: ['outputs'], response: { 200: api.cleared } }
  app.delete('/outputs', { schema: clear }, async () => {
    await store.clearOutputs()
    return { status: 'cleared' as const }
  })

  const setSize = {
    summary: 'Set the records in a batch',
    tags: ['config'],
    querystring: z.object({ size: api.batchSize }),
    response: { 200: api.batchSizeUpdated, ...refusals },
  }
  app.post('/config/batch_size', { schema: setSize }, async ({ query: { size } }) => {
    await store.setBatchSize(size)
    return { status: 'updated' as const, batch_size: size }
  })

  const publish = {
    summary: 'Send what stands here to the nodes',
    tags: ['config'],
    response: { 200: api.publishedAnswer, 503: api.problem },
  }
  app.post('/publish', { schema: publish }, async () => {
    const { manifest, subscribers, warning, nobody } = await publication.publish()
    if (nobody) throw new Problem(503, warning ?? 'no node could be told')
    const answer = { status: 'published' as const, manifest: maskManifest(manifest), subscribers_notified: subscribers }
    return warning === undefined ? answer : { ...answer, warning }
  })
}

/** Only under /api/v1: what the original product did not have. */
export async function statsRoutes(instance: FastifyInstance, { runtime }: RouteOptions): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const schema = { summary: "The node's books", tags: ['stats'], response: { 200: nodeStats, 503: api.problem } }
  app.get('/stats', { schema }, async () => {
    const stats = runtime.stats()
    if (stats === undefined)
      throw new Problem(503, 'this controller has no node in its process; ask a node at its admin port')
    return stats
  })
}

function checkedRule(runtime: Runtime, body: z.output<typeof api.rule>): ManifestProcessor {
  const rule = withoutNulls(body) as ManifestProcessor
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

/** What is null, or was left out, is not there. */
function withoutNulls(value: object): ManifestOutput {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== null && part !== undefined),
  ) as ManifestOutput
}
