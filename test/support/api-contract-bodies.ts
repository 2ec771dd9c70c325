/** Bodies for the operations of the API: valid ones, and what somebody might send instead. */
import fc from 'fast-check'
import type { Contract, Operation, Schema } from './api-contract.ts'

export const PASSWORD = 'a loom with punched cards'

type Example = (mark: string, i: number) => unknown

const rule: Example = (mark, i) => ({ id: `${mark}-rule-${i}`, type: 'filter', params: { value: `DEBUG ${mark}` } })
const alert: Example = (mark, i) => ({
  name: `${mark} ${i}`,
  condition: { kind: 'volume', is: 'above', threshold: 1000 },
  webhooks: [],
})
const message: Example = (mark, i) => ({ message: `${mark} ${i}` })
const configuration = '/api/v1/configurations/{configuration}'

/**
 * Where a schema says less than the route asks for: references, addresses, dates. All else is made from the schema, and
 * a route whose schema is not enough shows that by refusing what was made. Names have the mark of their organisation.
 */
const EXAMPLES: Record<string, Example> = {
  'POST /api/v1/rules': rule,
  'POST /rules': (mark, i) => ({ ...Object(rule(mark, i)), id: `${mark}-root-${i}` }),
  'PUT /api/v1/rules/{id}': () => ({ type: 'filter', params: { value: 'TRACE' } }),
  'PUT /rules/{id}': () => ({ type: 'filter', params: { value: 'TRACE' } }),
  'POST /api/v1/outputs': (mark, i) => ({ type: 'http', url: `http://127.0.0.1:9/${mark}/${i}` }),
  'POST /outputs': (mark, i) => ({ type: 'http', url: `http://127.0.0.1:9/root/${mark}/${i}` }),
  'POST /api/v1/login': (mark) => ({ email: `owner@${mark}.example`, password: PASSWORD }),
  'POST /api/v1/me/password': () => ({ password: PASSWORD, new_password: 'another loom with cards' }),
  'POST /api/v1/me/totp': () => ({ password: PASSWORD }),
  'POST /api/v1/me/totp/recovery-codes': () => ({ password: PASSWORD, code: '000000' }),
  'POST /api/v1/me/totp/disable': () => ({ password: PASSWORD, code: '000000' }),
  'POST /api/v1/users': (mark, i) => ({ email: `user-${i}@${mark}.example`, role: 'viewer', password: PASSWORD }),
  'POST /api/v1/keys': (mark, i) => ({ name: `${mark}-key-${i}`, role: 'viewer' }),
  'POST /api/v1/orgs': (mark, i) => ({ id: `${mark}-org-${i}`, name: mark }),
  'POST /api/v1/configurations': (mark, i) => ({ name: `${mark}-${i}` }),
  'POST /api/v1/registration-tokens': (mark, i) => ({ name: `${mark} ${i}` }),
  'POST /api/v1/prices': (mark, i) => ({ output: `${mark}-${i}`, currency: 'EUR', per_gb: 0.5, since: '2026-01-01' }),
  'POST /api/v1/alerts/rules': (mark, i) => ({ id: `${mark}-alert-${i}`, ...Object(alert(mark, i)) }),
  'PUT /api/v1/alerts/rules/{id}': alert,
  'POST /api/v1/alerts/preview': alert,
  'POST /api/v1/alerts/rules/{id}/silence': () => ({ until: Date.UTC(2026, 0, 2), reason: 'we know' }),
  'POST /api/v1/webhooks': (mark, i) => ({ id: `${mark}-hook-${i}`, url: 'https://hooks.invalid/h', name: mark }),
  'PUT /api/v1/webhooks/{id}': (mark) => ({ url: 'https://hooks.invalid/other', name: mark }),
  'PATCH /api/v1/gateways/{id}': (mark) => ({ name: `${mark} gateway`, labels: { site: mark } }),
  'POST /api/v1/gateways/{id}/dead-letters/replay': () => ({ code: 'http_400' }),
  'POST /api/v1/gateways/{id}/dead-letters/drop': () => ({ all: true }),
  'POST /api/v1/gateways/{id}/dropped/replay': () => ({ rule: 'no_debug' }),
  [`PUT ${configuration}/draft`]: () => ({ pipelines: [{ id: 'default_pipeline' }] }),
  [`POST ${configuration}/publish`]: message,
  [`POST ${configuration}/versions/{number}/restore`]: message,
  [`POST ${configuration}/receipts`]: () => ({ content: 'draft' }),
  [`POST ${configuration}/sources`]: (mark, i) => ({
    id: `${mark}-source-${i}`,
    type: 'tcp',
    listen: `127.0.0.1:${9000 + i}`,
  }),
  [`POST ${configuration}/outputs`]: (mark, i) => ({ id: `${mark}-output-${i}`, type: 'console' }),
  [`POST ${configuration}/pipelines`]: (mark, i) => ({ id: `${mark}-pipeline-${i}` }),
  [`POST ${configuration}/pipelines/{pipeline}/processors`]: rule,
  [`POST ${configuration}/upstreams`]: (mark, i) => ({
    id: `${mark}-upstream-${i}`,
    targets: [{ url: 'https://collector.example:4318' }],
  }),
}

/** A body that the operation accepts. `shown`: what a GET of the same path answers, for whoever replaces it. */
export function bodyOf(contract: Contract, operation: Operation, mark: string, i: number, shown?: unknown): unknown {
  if (operation.body === undefined) return undefined
  const example = EXAMPLES[operation.id]
  if (example !== undefined) return example(mark, i)
  const { properties, additionalProperties } = operation.body
  if (shown !== null && typeof shown === 'object' && operation.method !== 'POST') {
    const known = Object.keys(Object(properties))
    return Object.fromEntries(
      Object.entries(shown).filter(([name]) => additionalProperties !== false || known.includes(name)),
    )
  }
  return fc.sample(valuesOf(contract, operation.body), { numRuns: 1, seed: i })[0]
}

/** Values that a schema allows. Only what the document uses of JSON Schema is known here. */
export function valuesOf(contract: Contract, given: Schema, depth = 0): fc.Arbitrary<unknown> {
  const schema = contract.resolved(given)
  const part = (inner: unknown) => valuesOf(contract, inner as Schema, depth + 1)
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum'])
  const choices = (schema['oneOf'] ?? schema['anyOf']) as unknown[] | undefined
  if (choices !== undefined) return fc.oneof(...choices.map(part))
  const type = [schema['type']].flat()[0]
  const bound = (name: string, otherwise: number) => (schema[name] as number | undefined) ?? otherwise
  switch (type) {
    case 'string': {
      const [minLength, maxLength] = [bound('minLength', 0), Math.min(bound('maxLength', 12), 24)]
      if (typeof schema['pattern'] === 'string') return fc.stringMatching(new RegExp(schema['pattern']))
      return fc.string({ minLength, maxLength })
    }
    case 'integer':
      return fc.integer({ min: Math.max(bound('minimum', 0), -1000), max: Math.min(bound('maximum', 1000), 1_000_000) })
    case 'number':
      return fc.double({ min: bound('minimum', 0), max: bound('maximum', 1000), noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(part(schema['items'] ?? {}), { minLength: bound('minItems', 0), maxLength: 3 })
    case 'object': {
      const properties = Object.entries(Object(schema['properties']) as Record<string, unknown>)
      if (depth > 4) return fc.constant({})
      const required = (schema['required'] as string[] | undefined) ?? []
      const known = Object.fromEntries(properties.map(([name, inner]) => [name, part(inner)]))
      return fc.record(known, { requiredKeys: required })
    }
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}
