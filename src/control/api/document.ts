/** What the OpenAPI document says of every route beside its schemas: who may use it, which headers it heeds, its problems. */
import type { RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** PUT, PATCH or DELETE without `If-Match`: whoever writes last wins. */
    unconditional?: boolean
  }
}

const PROBLEM = 'application/problem+json'
const CHANGING = ['PUT', 'PATCH', 'DELETE']
/** Of a body's schema: it may be left out. */
const OPTIONAL = 'x-optional'
const IDEMPOTENCY_KEY = {
  type: 'string',
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description: 'A request that comes again with the same key gets the answer of the first, for a day.',
}
const IF_MATCH = { type: 'string', description: 'The ETag of what is changed, as the last GET answered it.' }

type Transformable = Parameters<typeof jsonSchemaTransform>[0] & { route: RouteOptions }
type Transformed = ReturnType<typeof jsonSchemaTransform>

/** One route: its schemas, who may use it, and its headers. */
export function transform(input: Transformable): Transformed {
  const transformed = jsonSchemaTransform(input)
  const { config, method } = input.route
  const { permission } = config ?? {}
  if (permission === undefined) return transformed
  const isPublic = permission === 'public'
  const schema: Record<string, unknown> = {
    ...transformed.schema,
    security: isPublic ? [] : [{ key: [] }, { session: [] }],
    'x-permission': permission,
  }
  if (method === 'POST' && !isPublic && config?.idempotent !== false)
    schema['headers'] = { type: 'object', properties: { 'idempotency-key': IDEMPOTENCY_KEY } }
  if (CHANGING.includes(String(method)) && config?.unconditional !== true)
    schema['headers'] = { type: 'object', properties: { 'if-match': IF_MATCH }, required: ['if-match'] }
  const { body } = input.schema as { body?: { safeParse?(value: unknown): { success: boolean } } }
  if (body?.safeParse?.(undefined).success === true) schema['body'] = { ...Object(schema['body']), [OPTIONAL]: true }
  return { ...transformed, schema }
}

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, unknown> }>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

/** The whole document: problems have a type of their own, and named schemas that nothing refers to are left out. */
export function transformObject(input: Parameters<typeof jsonSchemaTransformObject>[0]) {
  const document = jsonSchemaTransformObject(input)
  const { paths, components } = document as Document
  for (const path of Object.values(paths)) for (const operation of Object.values(path)) describe(operation)
  const used = new Set<string>()
  follow(paths, components.schemas, used)
  const named = Object.fromEntries(Object.entries(components.schemas).filter(([name]) => used.has(name)))
  return { ...document, components: { ...components, schemas: named } } as typeof document
}

function describe({ requestBody, responses }: Operation): void {
  const isOptional = Object.values(requestBody?.content ?? {}).some(({ schema }) => OPTIONAL in schema)
  if (requestBody !== undefined && isOptional) requestBody.required = false
  describeProblems(responses)
}

/** Every route may refuse, whether its schema says how or not. */
function describeProblems(responses: Operation['responses']): void {
  const schema = { $ref: '#/components/schemas/Problem' }
  responses['4XX'] ??= { description: '' }
  for (const [status, response] of Object.entries(responses)) {
    if (status < '4') continue
    response.description = status === '4XX' ? 'Refused' : ''
    response.content = { [PROBLEM]: { schema } }
  }
}

function follow(value: unknown, schemas: Record<string, unknown>, used: Set<string>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    const name = key === '$ref' && typeof part === 'string' ? part.split('/').at(-1)! : undefined
    if (name === undefined) follow(part, schemas, used)
    else if (!used.has(name)) {
      used.add(name)
      follow(schemas[name], schemas, used)
    }
  }
}
