/** What Elasticsearch answers: errors, items of a bulk request, and what clients ask before they send. */
import type { BulkFate, BulkItem } from '#codecs/bulk/bulk-scan.ts'
import type { Exchange, Headers, Worded } from '#component/exchange.ts'

const JSON_TYPE = 'application/json'
/** Clients of Elastic's refuse to talk to anything that does not say this. */
const PRODUCT: Headers = { 'x-elastic-product': 'Elasticsearch' }
export const CHALLENGE: Headers = { 'www-authenticate': 'Basic realm="security", charset="UTF-8", ApiKey' }
const NAME = 'streamgate'
const UUID = 'c3RyZWFtZ2F0ZS1ub2RlLTA'
const BUILT_AT = '2025-01-01T00:00:00.000000000Z'

/** Answers with JSON, in the media type that was asked for. */
export function answerJson(exchange: Exchange, status: number, body: unknown, headers: Headers = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  exchange.answer(status, { 'content-type': typeOf(exchange), ...PRODUCT, ...headers }, text)
}

/** A client that names a version of the API wants to see it again. */
function typeOf({ headers }: Exchange): string {
  const version = /application\/vnd\.elasticsearch\+json *; *compatible-with *= *"?(\d{1,2})/.exec(headers.accept ?? '')
  return version === null ? JSON_TYPE : `application/vnd.elasticsearch+json;compatible-with=${version[1]}`
}

const types: Readonly<Record<number, string>> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  403: 'security_exception',
  404: 'resource_not_found_exception',
  405: 'method_not_allowed_exception',
  406: 'media_type_header_exception',
  413: 'content_too_long_exception',
  429: 'es_rejected_execution_exception',
  503: 'es_rejected_execution_exception',
}

export function word(status: number, detail: string): Worded {
  const error = { type: types[status] ?? 'exception', reason: detail }
  const body = JSON.stringify({ error: { root_cause: [error], ...error }, status })
  return { type: JSON_TYPE, body, headers: PRODUCT }
}

const fates: Record<Exclude<BulkFate, 'ok'>, { status: number; type: string; reason: string }> = {
  no_update: {
    status: 400,
    type: 'illegal_argument_exception',
    reason: 'Nothing is kept here that could be changed: only create and index are taken.',
  },
  no_document: { status: 400, type: 'document_parsing_exception', reason: 'The document is not a JSON object.' },
  too_large: {
    status: 413,
    type: 'content_too_long_exception',
    reason: 'The document is larger than the intake allows.',
  },
}

/** The answer to a bulk request; items stand in the order of their actions. `index`: where an action names none. */
export function bulkAnswer(items: readonly BulkItem[], tookMs: number, index: string | undefined): string {
  let errors = false
  const parts: string[] = []
  for (const { action, fate, ...named } of items) {
    const about = `"_index":${JSON.stringify(named.index ?? index ?? '')},"_id":${JSON.stringify(named.id ?? '')}`
    if (fate === 'ok') {
      parts.push(`{"${action}":{${about},"_version":1,"result":"created","_seq_no":0,"_primary_term":1,"status":201}}`)
    } else {
      errors = true
      const { status, type, reason } = fates[fate]
      parts.push(`{"${action}":{${about},"status":${status},"error":${JSON.stringify({ type, reason })}}}`)
    }
  }
  return `{"took":${Math.round(tookMs)},"errors":${errors},"items":[${parts.join(',')}]}`
}

export function documentAnswer(index: string, id: string): object {
  const shards = { total: 1, successful: 1, failed: 0 }
  return { _index: index, _id: id, _version: 1, result: 'created', _shards: shards, _seq_no: 0, _primary_term: 1 }
}

/** `GET /` */
export function infoOf(version: string): object {
  return {
    name: NAME,
    cluster_name: NAME,
    cluster_uuid: UUID,
    version: {
      number: version,
      build_flavor: 'default',
      build_type: 'docker',
      build_hash: '0000000000000000000000000000000000000000',
      build_date: BUILT_AT,
      build_snapshot: false,
      lucene_version: '10.0.0',
      minimum_wire_compatibility_version: '8.19.0',
      minimum_index_compatibility_version: '8.0.0',
    },
    tagline: 'You Know, for Search',
  }
}

export const LICENSE = {
  license: {
    status: 'active',
    uid: '00000000-0000-0000-0000-000000000000',
    type: 'basic',
    issue_date: BUILT_AT,
    issue_date_in_millis: Date.parse(BUILT_AT),
    max_nodes: 1000,
    max_resource_units: null,
    issued_to: NAME,
    issuer: 'elasticsearch',
    start_date_in_millis: -1,
  },
}

/** `GET /_xpack` */
export const XPACK = {
  build: { hash: '0', date: BUILT_AT },
  license: { uid: LICENSE.license.uid, type: 'basic', mode: 'basic', status: 'active' },
  features: { ilm: { available: true, enabled: true }, security: { available: true, enabled: true } },
  tagline: 'You know, for X',
}

export const HEALTH = {
  cluster_name: NAME,
  status: 'green',
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
  active_primary_shards: 0,
  active_shards: 0,
  relocating_shards: 0,
  initializing_shards: 0,
  unassigned_shards: 0,
}

export function nodesOf(version: string): object {
  return {
    _nodes: { total: 1, successful: 1, failed: 0 },
    cluster_name: NAME,
    nodes: { [UUID]: { name: NAME, version } },
  }
}
