/** New Relic's Log API, as documented for `POST /log/v1`. A message is an entry's `message`. */
import { newrelic as definition } from '#outputs/newrelic/newrelic.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

/** As it goes over the wire. */
const BODY_BYTES_MAX = 1_000_000
const ATTRIBUTES_MAX = 255
const NAME_CHARACTERS_MAX = 255

export class NewRelicFake extends VendorFake {
  /** Entries with the attributes of their group. */
  readonly entries: Record<string, unknown>[] = []
  apiKey = 'nr-test-key'

  protected override handle({ method, path, headers, raw, body }: VendorRequest): VendorAnswer {
    if (headers['api-key'] !== this.apiKey) return this.violation('api key', { status: 403 })
    if (path !== '/log/v1') return this.violation(`path ${path}`, { status: 404 })
    if (method !== 'POST') return this.violation(`method ${method}`, { status: 405 })
    if (headers['content-type'] !== 'application/json') return this.violation('content type', { status: 415 })
    if (raw.length > BODY_BYTES_MAX) return this.violation('body above 1 MB', { status: 413 })
    let groups: { common?: { attributes?: Record<string, unknown> }; logs: Record<string, unknown>[] }[]
    try {
      groups = JSON.parse(body.toString())
    } catch {
      return this.violation('not JSON', { status: 400 })
    }
    if (!Array.isArray(groups)) return this.violation('not an array', { status: 400 })
    for (const { common, logs } of groups) {
      if (!Array.isArray(logs) || logs.length === 0) return this.violation('no logs', { status: 400 })
      for (const entry of logs) this.#store({ ...common?.attributes, ...entry })
    }
    // What is wrong with single entries shows in the account only, as NrIntegrationError.
    return { status: 202, headers: { 'content-type': 'application/json' }, body: '{"requestId":"0"}' }
  }

  #store(entry: Record<string, unknown>): void {
    const names = Object.keys(entry)
    if (names.length > ATTRIBUTES_MAX) this.violations.push('above 255 attributes')
    if (names.some((name) => name.length > NAME_CHARACTERS_MAX)) this.violations.push('name above 255 characters')
    this.entries.push(entry)
    this.stored.push(String(entry['message']))
  }
}

export const newrelic: Vendor = {
  definition,
  start: () => new NewRelicFake().listen(),
  options: (fake) => ({ url: fake.url, api_key: 'nr-test-key' }),
}
