/** Whoever works with a controller by its public API, as a script of an operator does: bodies in JSON, entity tags read and given back. */
import assert from 'node:assert/strict'
import type { Gateway, GatewaySummary } from '#contract/fleet.ts'

export interface Reply<Body = unknown> {
  status: number
  body: Body
  headers: Headers
}

const PATIENCE_MS = 30_000
const LOOK_MS = 25

export class Operator {
  readonly address: string
  readonly #headers: Record<string, string>

  /** `address` of the API, such as `http://127.0.0.1:8000`. */
  constructor(address: string, headers: Record<string, string> = {}) {
    this.address = address
    this.#headers = headers
  }

  /** `path` below `/api/v1`. */
  async ask<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<Body>> {
    const response = await fetch(`${this.address}/api/v1${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as Body, headers: response.headers }
  }

  /** Asks, and expects success. */
  async must<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body> {
    const reply = await this.ask<Body>(method, path, body)
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  }

  /** Changes what is there, as it is there now. */
  async change<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body> {
    const { headers } = await this.ask('GET', path)
    const match = { 'if-match': headers.get('etag') ?? '*' }
    const reply = await this.ask<Body>(method, path, body, match)
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  }

  /** Makes `document` the draft of the default configuration. */
  async draft(document: object): Promise<void> {
    await this.change('PUT', '/configurations/default/draft', document)
  }

  /** Makes it the draft, publishes it, and gives the number of the version. */
  async publish(document: object): Promise<number> {
    await this.draft(document)
    const { version } = await this.must<{ version: { number: number } }>('POST', '/configurations/default/publish', {})
    return version.number
  }

  async gateways(): Promise<GatewaySummary[]> {
    return (await this.must<{ items: GatewaySummary[] }>('GET', '/gateways')).items
  }

  gateway(id: string): Promise<Gateway> {
    return this.must<Gateway>('GET', `/gateways/${id}`)
  }

  /** Looks until all that are there, and `count` of them, fulfil the condition. A controller that is away is waited for. */
  async untilGateways(
    count: number,
    holds: (gateway: GatewaySummary) => boolean,
    what: string,
  ): Promise<GatewaySummary[]> {
    const deadline = Date.now() + PATIENCE_MS
    let seen: unknown
    for (;;) {
      try {
        const gateways = await this.gateways()
        if (gateways.length === count && gateways.every(holds)) return gateways
        seen = gateways
      } catch (error) {
        seen = error
      }
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}: ${JSON.stringify(seen, null, 1)}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
}

/** All five states say the same version, applied and well. */
export function runs(version: number): (gateway: GatewaySummary) => boolean {
  return (gateway) => applied(version)(gateway) && gateway.states.health?.healthy === true
}

/** The same, well or not: whether its vendors can be reached is another matter. */
export function applied(version: number): (gateway: GatewaySummary) => boolean {
  return ({ online, drift, states: { desired, offered, reported, effective } }) =>
    online &&
    drift === null &&
    desired?.version === version &&
    offered?.hash === desired.hash &&
    reported?.hash === desired.hash &&
    reported.version === version &&
    reported.status === 'applied' &&
    effective?.matches === true
}
