/**
 * Splunk's HTTP Event Collector as documented, with indexer acknowledgement. A message is the text of an event,
 * or its `message`.
 */
import { splunkHec as definition } from '#outputs/splunk_hec/splunk_hec.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const EVENT_KEYS = new Set(['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields'])
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export class SplunkFake extends VendorFake {
  readonly events: Record<string, unknown>[] = []
  /** Texts of the queries that raw requests came with. */
  readonly queries: URLSearchParams[] = []
  token = 'hec-test-token'
  indexes = ['main']
  /** As a server's `max_content_length`. */
  bodyBytesMax = 1_000_000
  /** Whether the token acknowledges; `indexed` says when. */
  acknowledges = false
  /** Asked for each number at each poll. */
  indexed: (ackId: number) => boolean = () => true
  readonly #told = new Set<number>()
  #nextAckId = 0

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const { pathname, searchParams } = new URL(path, 'http://splunk')
    const channel = headers['x-splunk-request-channel'] ?? searchParams.get('channel')
    if (method !== 'POST') return this.#refuse(404, 404, 'The requested URL was not found on this server.')
    if (headers.authorization === undefined) return this.#refuse(401, 2, 'Token is required')
    if (!headers.authorization.startsWith('Splunk ')) return this.#refuse(401, 3, 'Invalid authorization')
    if (headers.authorization !== `Splunk ${this.token}`) return this.#refuse(403, 4, 'Invalid token')
    const needsChannel = pathname !== '/services/collector/event' || this.acknowledges
    if (needsChannel && channel === null) return this.#refuse(400, 10, 'Data channel is missing')
    if (channel !== null && !GUID.test(String(channel))) return this.#refuse(400, 11, 'Invalid data channel')
    if (pathname === '/services/collector/ack') return this.#tell(body.toString())
    if (body.length > this.bodyBytesMax) return this.violation('body too large', { status: 413 })
    if (body.length === 0) return this.#refuse(400, 5, 'No data')
    if (pathname === '/services/collector/event') return this.#events(body.toString())
    if (pathname !== '/services/collector/raw') return this.#refuse(404, 404, 'not found')
    const index = searchParams.get('index')
    if (index !== null && !this.indexes.includes(index)) return this.#refuse(400, 7, 'Incorrect index', 1)
    this.queries.push(searchParams)
    this.stored.push(...body.toString().split('\n').slice(0, -1))
    return this.#success()
  }

  /** Objects one after the other: what stands before a bad one is taken. */
  #events(body: string): VendorAnswer {
    // The encoder puts each on a line of its own, and no line end inside.
    const lines = body.split('\n').filter((line) => line !== '')
    for (const [i, line] of lines.entries()) {
      let event: Record<string, unknown>
      try {
        event = JSON.parse(line)
      } catch {
        return this.#refuse(400, 6, 'Invalid data format', i)
      }
      for (const key of Object.keys(event)) if (!EVENT_KEYS.has(key)) this.violations.push(`key ${key}`)
      if (!/"time":\d+(\.\d+)?[,}]/.test(line)) return this.#refuse(400, 15, 'Error in handling indexed fields', i)
      if (!('event' in event)) return this.#refuse(400, 12, 'Event field is required', i)
      if (event['event'] === '' || event['event'] === null) {
        return this.#answer(400, 13, 'Event field cannot be blank', i)
      }
      const index = event['index']
      if (index !== undefined && !this.indexes.includes(String(index))) {
        return this.#answer(400, 7, 'Incorrect index', i + 1)
      }
      const fields = Object.values(event['fields'] ?? {})
      if (fields.some((field) => typeof field === 'object')) return this.#refuse(400, 15, 'fields', i)
      this.events.push(event)
      const inner = event['event'] as string | { message?: unknown }
      this.stored.push(typeof inner === 'string' ? inner : String(inner.message))
    }
    return this.#success()
  }

  #success(): VendorAnswer {
    const ack = this.acknowledges ? { ackId: this.#nextAckId++ } : {}
    return { status: 200, body: JSON.stringify({ text: 'Success', code: 0, ...ack }) }
  }

  /** True is told once. */
  #tell(body: string): VendorAnswer {
    if (!this.acknowledges) return this.#answer(400, 14, 'ACK is disabled')
    const { acks } = JSON.parse(body) as { acks: number[] }
    const told = acks.map((id) => {
      const now = id < this.#nextAckId && !this.#told.has(id) && this.indexed(id)
      if (now) this.#told.add(id)
      return [id, now]
    })
    return { status: 200, body: JSON.stringify({ acks: Object.fromEntries(told) }) }
  }

  /** As after a restart: numbers begin at 0 again. */
  restart(): void {
    this.#nextAckId = 0
    this.#told.clear()
  }

  #refuse(status: number, code: number, text: string, invalidEvent?: number): VendorAnswer {
    return this.violation(text, this.#answer(status, code, text, invalidEvent))
  }

  #answer(status: number, code: number, text: string, invalidEvent?: number): VendorAnswer {
    const where = invalidEvent === undefined ? {} : { 'invalid-event-number': invalidEvent }
    return { status, body: JSON.stringify({ text, code, ...where }) }
  }
}

export const splunkHec: Vendor = {
  definition,
  start: () => new SplunkFake().listen(),
  options: (fake) => ({ url: fake.url, token: 'hec-test-token' }),
}
