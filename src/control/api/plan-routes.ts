/** Plans: what a document from outside would change, checked as a draft is and kept nowhere. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { type ConfigurationDocument, plan } from '#contract/configuration.ts'
import { type AnyDocument, type ConfigurationRow, draftOf } from '../configurations/configurations.ts'
import { diffDocuments } from '../configurations/diff.ts'
import type { ControlContext } from '../context.ts'
import { found, unmask } from './configuration-routes.ts'
import { parseDraft, refuseComplaints } from './drafts.ts'
import { Problem } from './problem.ts'
import { contentOf } from './version-routes.ts'

export const anyDocument = z.record(z.string(), z.unknown())

const refusals = { 401: problem, 403: problem, 404: problem, 422: problem }
const named = z.object({ configuration: z.string().min(1).max(128) })

export async function planRoutes(instance: FastifyInstance, context: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()

  const make = {
    summary: 'What a document would change if it became the draft and were published',
    description: 'What reads `[redacted]` stands for the value that the draft has.',
    tags: ['configurations'],
    params: named,
    body: z.strictObject({ document: anyDocument }),
    response: { 200: plan, ...refusals },
  }
  app.post(
    '/configurations/:configuration/plan',
    { config: { permission: 'read', keptAsJson: true }, schema: make },
    async (request) => {
      const row = await found(context, request, request.params.configuration)
      const document = givenDocument(context, row, request.body.document, '/document')
      const live = JSON.parse(await contentOf(context, row, 'live'))
      return { draft: diffDocuments(draftOf(row), document), live: diffDocuments(live, document) }
    },
  )
}

/** As it would become the draft. 422 when it could not; `base` is where it stands in the body. */
export function givenDocument(
  { runtime }: Pick<ControlContext, 'runtime'>,
  row: ConfigurationRow,
  value: unknown,
  base: string,
): AnyDocument {
  try {
    const document = unmask(parseDraft(value, row.kind), draftOf(row))
    if (row.kind === 'streamgate')
      refuseComplaints(runtime.checkDocument(document as ConfigurationDocument), '', 'the document is not valid')
    return document
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const complaints = error.complaints.map(({ pointer, detail }) => ({ pointer: base + pointer, detail }))
    throw new Problem(error.status, error.message, complaints)
  }
}
