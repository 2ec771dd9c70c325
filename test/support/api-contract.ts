/** The OpenAPI document that a controller serves, as contract tests read it: operations, and values against schemas. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

export type Schema = Record<string, unknown>

export interface Operation {
  /** Such as `GET /api/v1/users/{id}`. */
  id: string
  method: string
  path: string
  permission: string
  summary: string
  tags: string[]
  security: unknown[]
  parameters: { in: string; name: string; required?: boolean; schema: Schema }[]
  /** Undefined: it takes no body. References are resolved at its top. */
  body: Schema | undefined
  bodyRequired: boolean
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>
}

type Documented = Omit<Operation, 'id' | 'method' | 'path' | 'permission' | 'body' | 'bodyRequired'> & {
  'x-permission': string
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> }
}

const DOCUMENT = 'openapi'

export class Contract {
  // biome-ignore lint/suspicious/noExplicitAny: whatever a controller serves is looked into, and asserted
  readonly document: any
  readonly operations: Operation[]
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(document: { paths: Record<string, Record<string, Documented>> }) {
    this.document = document
    this.#ajv.addSchema(document, DOCUMENT)
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, documented]) => this.#operation(method.toUpperCase(), path, documented)),
    )
  }

  static async of(address: string): Promise<Contract> {
    const answer = await fetch(`${address}/openapi.json`)
    return new Contract((await answer.json()) as ConstructorParameters<typeof Contract>[0])
  }

  find(id: string): Operation | undefined {
    return this.operations.find((operation) => operation.id === id)
  }

  /** Compiles every schema of the document. Throws for one that is none. */
  compileAll(): void {
    for (const name of Object.keys(this.document.components.schemas))
      this.#ajv.compile({ $ref: `${DOCUMENT}#/components/schemas/${escaped(name)}` })
    for (const { id, body } of this.operations)
      if (body !== undefined && !this.#ajv.validateSchema(body)) throw new Error(`${id}: ${this.#ajv.errorsText()}`)
  }

  /** What is wrong with the body of an answer; undefined when its schema allows it. */
  complaint({ method, path, responses }: Operation, status: number, body: unknown): string | undefined {
    const declared = String(status) in responses ? String(status) : `${String(status)[0]}XX`
    const response = responses[declared]
    if (response === undefined) return `the status ${status} is not in the document`
    const type = Object.keys(response.content ?? {})[0]
    if (type === undefined) return body === undefined || body === '' ? undefined : 'a body where none is declared'
    const place = ['paths', path, method.toLowerCase(), 'responses', declared, 'content', type, 'schema']
    const validate = this.#validatorAt(place)
    return validate(body) ? undefined : this.#ajv.errorsText(validate.errors)
  }

  /** Whether the document allows this body of a request. */
  allows({ method, path }: Operation, body: unknown): boolean {
    const place = ['paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema']
    return this.#validatorAt(place)(body)
  }

  /** The schema itself, or what it refers to. */
  resolved(schema: Schema): Schema {
    const { $ref, ...beside } = schema
    return typeof $ref === 'string' ? { ...at(this.document, $ref), ...beside } : schema
  }

  #validatorAt(place: readonly string[]): ValidateFunction {
    const $ref = `${DOCUMENT}#/${place.map(escaped).join('/')}`
    const validate = this.#validators.get($ref) ?? this.#ajv.compile({ $ref })
    this.#validators.set($ref, validate)
    return validate
  }

  #operation(method: string, path: string, documented: Documented): Operation {
    const { 'x-permission': permission, requestBody, parameters = [], ...rest } = documented
    const body = requestBody?.content['application/json']?.schema
    return {
      ...rest,
      id: `${method} ${path}`,
      method,
      path,
      permission,
      parameters,
      body: body === undefined ? undefined : this.resolved(body),
      bodyRequired: requestBody?.required === true,
    }
  }
}

export function isWrite({ method }: Operation): boolean {
  return method !== 'GET'
}

export function takes({ parameters }: Operation, where: 'query' | 'header', name: string): boolean {
  return parameters.some((parameter) => parameter.in === where && parameter.name === name)
}

/** Everything that a reference of the document points to, or undefined. */
export function at(document: unknown, reference: string): Schema | undefined {
  let value = document as Record<string, unknown> | undefined
  for (const part of reference.replace(/^#\//, '').split('/'))
    value = value?.[part.replaceAll('~1', '/').replaceAll('~0', '~')] as typeof value
  return value
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
