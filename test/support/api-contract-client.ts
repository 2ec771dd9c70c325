/** A client of a controller that says what it gets as it is, and does not wait for ever. */
import assert from 'node:assert/strict'
import { Pool } from 'undici'

/** Longer than anything here takes: an answer that does not come fails. */
const PATIENCE_MS = 20_000
export const AT_ONCE = 8

/** Who asks: the headers that show it. */
export interface Caller {
  name: string
  headers: Record<string, string>
}

export interface Answer {
  status: number
  type: string
  etag: string | undefined
  headers: Record<string, string | string[] | undefined>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into, and asserted
  body: any
}

export interface Asked {
  as?: Caller | undefined
  body?: unknown
  /** In the place of `body`, as they are. */
  bytes?: string | Uint8Array | undefined
  headers?: Record<string, string>
}

export type Request = Asked & { path: string }

export class ContractClient {
  readonly #pool: Pool

  constructor(address: string) {
    this.#pool = new Pool(address, { connections: AT_ONCE, headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS })
  }

  async ask(method: string, path: string, { as, body, bytes, headers = {} }: Asked = {}): Promise<Answer> {
    const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await this.#pool.request({
      method: method as 'GET',
      path,
      headers: { ...as?.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const type = String(response.headers['content-type'] ?? '').split(';')[0]!
    let text = ''
    if (type === 'text/event-stream') response.body.on('error', () => undefined).destroy()
    else text = await response.body.text()
    const parsed: unknown = /[/+]json$/.test(type) && text !== '' ? JSON.parse(text) : text
    const etag = response.headers['etag'] as string | undefined
    return { status: response.statusCode, type, etag, headers: response.headers, text, body: parsed }
  }

  async must(status: number, method: string, path: string, asked: Asked): Promise<Answer> {
    const answer = await this.ask(method, path, asked)
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    return answer
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

/** Work of which several are under way at once. */
export async function together<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items]
  const one = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}
