/** Changing a draft: one transaction in which it is read, checked, changed and written. */
import type { FastifyRequest } from 'fastify'
import { pointer, problemsOf } from '#config/problems.ts'
import {
  type ConfigurationDocument,
  collectorDocument,
  configurationDocument,
  DOCUMENT_BYTES_MAX,
} from '#contract/configuration.ts'
import type { AuditNote } from '../access/audit.ts'
import {
  type AnyDocument,
  type ConfigurationRow,
  draftOf,
  lockConfiguration,
  updateConfiguration,
} from '../configurations/configurations.ts'
import type { ControlContext } from '../context.ts'
import type { Complaint } from '../runtime.ts'
import { Problem } from './problem.ts'
import { change } from './writing.ts'

/** What becomes of a draft. Without `document` it stays as it is. */
export interface Edit<Result> {
  document?: AnyDocument
  result: Result
  audit: AuditNote | null
}

/** `work` gets the draft as it stands; what it throws undoes everything. 404 when there is no such configuration. */
export async function editDraft<Document extends AnyDocument, Result>(
  context: ControlContext,
  request: FastifyRequest,
  name: string,
  work: (document: Document, row: ConfigurationRow) => Edit<Result>,
): Promise<Result> {
  const { org, name: by } = request.principal
  return await change(context, request, async (tx) => {
    const row = await lockConfiguration(tx, context.dialect, org, name)
    if (row === undefined) throw noSuchConfiguration(name)
    const { document, result, audit } = work(draftOf(row) as Document, row)
    if (document !== undefined) {
      const draft = JSON.stringify(parseDraft(document, row.kind))
      if (draft.length > DOCUMENT_BYTES_MAX)
        throw new Problem(422, `the configuration would be larger than ${DOCUMENT_BYTES_MAX} bytes, which is the limit`)
      const values = { draft, revision: row.revision + 1, updated_at: context.clock.wall(), updated_by: by }
      await updateConfiguration(tx, row, values)
    }
    return { result, audit }
  })
}

/**
 * What is stored must be readable. 422 when it is not a document of this kind. `base`: where in it the body of the request
 * stands; pointers lead from there on.
 */
export function parseDraft(value: unknown, kind: string, base = ''): AnyDocument {
  const parsed = (kind === 'otel_collector' ? collectorDocument : configurationDocument).safeParse(value)
  if (parsed.success) return parsed.data
  const complaints = problemsOf(parsed.error, [], []).map(({ path, message }) => {
    const place = pointer(path)
    return { pointer: place.startsWith(`${base}/`) ? place.slice(base.length) : '', detail: message }
  })
  throw new Problem(422, 'the document is not valid', complaints)
}

/** For what only configurations of StreamGate's own gateways have. */
export function requireOwnKind(row: ConfigurationRow): void {
  if (row.kind !== 'streamgate')
    throw new Problem(409, `"${row.name}" is a configuration of collectors: change its draft as a whole`)
}

/** 422 with the complaints of what begins with `base`, as pointers from there on; others are of other parts. */
export function refuseComplaints(complaints: readonly Complaint[], base: string, what: string): void {
  const own = complaints
    .filter(({ pointer }) => pointer === base || pointer.startsWith(`${base}/`))
    .map(({ pointer, detail }) => ({ pointer: pointer.slice(base.length), detail }))
  const first = own[0]
  if (first !== undefined) throw new Problem(422, `${what}: ${first.pointer.slice(1)} ${first.detail}`.trim(), own)
}

export function noSuchConfiguration(name: string): Problem {
  return new Problem(404, `there is no configuration "${name}"`)
}

/** An empty document, for whoever changes a pipeline that is not there yet. */
export const emptyDocument: ConfigurationDocument = {
  version: 2,
  sources: [],
  pipelines: [],
  outputs: [],
  upstreams: [],
}
