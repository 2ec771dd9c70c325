/** Datadog's logs intake, as documented for `POST /api/v2/logs`. A message is an entry's `message`. */
import { datadog as definition } from '#outputs/datadog/datadog.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const BODY_BYTES_MAX = 5_000_000
const ENTRIES_MAX = 1000
const ENTRY_BYTES_MAX = 1_000_000

export class DatadogFake extends VendorFake {
  readonly entries: Record<string, unknown>[] = []
  apiKey = 'dd-test-key'

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    if (headers['dd-api-key'] !== this.apiKey) return this.violation('api key', { status: 403 })
    if (method !== 'POST' || path !== '/api/v2/logs') return this.violation(`${method} ${path}`, { status: 404 })
    if (headers['content-type'] !== 'application/json') return this.violation('content type', { status: 415 })
    if (body.length > BODY_BYTES_MAX) return this.violation('body above 5 MB', { status: 413 })
    let entries: Record<string, unknown>[]
    try {
      entries = JSON.parse(body.toString())
    } catch {
      return this.violation('not JSON', { status: 400 })
    }
    if (!Array.isArray(entries) || entries.length === 0) return this.violation('not an array', { status: 400 })
    if (entries.length > ENTRIES_MAX) return this.violation('above 1000 entries', { status: 413 })
    for (const entry of entries) {
      // The real one stores what it has cut, and says nothing.
      if (JSON.stringify(entry).length > ENTRY_BYTES_MAX) this.violations.push('entry above 1 MB')
      this.entries.push(entry)
      this.stored.push(String(entry['message']))
    }
    return { status: 202, headers: { 'content-type': 'application/json' }, body: '{}' }
  }
}

export const datadog: Vendor = {
  definition,
  start: () => new DatadogFake().listen(),
  options: (fake) => ({ url: fake.url, api_key: 'dd-test-key' }),
}
