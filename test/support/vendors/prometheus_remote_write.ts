/**
 * Prometheus as a receiver of remote write 1.0 and 2.0 (https://prometheus.io/docs/specs/prw/), with the rules that
 * senders must keep. A message is a series' label `line`; a sample that comes again as it was is stored once.
 */
import { uncompressSync } from 'snappy'
import { prometheusRemoteWrite as definition } from '#outputs/prometheus_remote_write/prometheus_remote_write.ts'
import { lineBlock } from '../metrics.ts'
import { decodeRequest } from '../prometheus-protos.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

type Version = 1 | 2
type Label = readonly [name: string, value: string]

const PATH = '/api/v1/write'
const ABOUT = {
  1: { type: /^application\/x-protobuf(;proto=prometheus\.WriteRequest)?$/, version: '0.1.0' },
  2: { type: /^application\/x-protobuf;proto=io\.prometheus\.write\.v2\.Request$/, version: '2.0.0' },
} as const
/** Both names by the data model without UTF-8, which is what the output writes unless told otherwise. */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

interface Sample {
  value?: number
  timestamp?: number
}

interface Request {
  symbols?: string[]
  timeseries?: { labels?: { name: string; value: string }[]; labels_refs?: number[]; samples?: Sample[] }[]
}

export class RemoteWriteFake extends VendorFake {
  readonly #version: Version
  /** The last sample of each series. */
  readonly #last = new Map<string, Sample>()

  constructor(version: Version) {
    super()
    this.#version = version
  }

  protected override handle({ method, path, headers, raw }: VendorRequest): VendorAnswer {
    const { type, version } = ABOUT[this.#version]
    if (method !== 'POST' || path !== PATH) return this.violation(`${method} ${path}`, { status: 404 })
    if (!type.test(headers['content-type'] ?? '')) return this.violation('content type', { status: 415 })
    if (headers['content-encoding'] !== 'snappy') return this.violation('content encoding', { status: 415 })
    if (headers['x-prometheus-remote-write-version'] !== version) this.violations.push('version')
    if (headers['user-agent'] === undefined) this.violations.push('no user agent')
    let request: Request
    try {
      request = decodeRequest(this.#version, uncompressSync(raw) as Buffer)
    } catch (error) {
      return this.violation(String(error), { status: 400, body: String(error) })
    }
    return this.#take(request)
  }

  #take({ symbols = [], timeseries = [] }: Request): VendorAnswer {
    const problems: string[] = []
    if (this.#version === 2 && symbols[0] !== '') problems.push('the first symbol is not empty')
    let written = 0
    for (const { labels = [], labels_refs: references = [], samples = [] } of timeseries) {
      const all =
        this.#version === 2 ? labelsAt(references, symbols) : labels.map(({ name, value }) => [name, value] as const)
      const problem = problemOf(all) ?? (samples.length === 0 ? 'a series without samples' : undefined)
      if (problem !== undefined) problems.push(problem)
      else for (const sample of samples) written += this.#store(all, sample, problems) ? 1 : 0
    }
    const told = { 'x-prometheus-remote-write-samples-written': String(written) }
    if (problems.length === 0) return { status: 204, headers: told }
    this.violations.push(...problems)
    return { status: 400, headers: told, body: problems.join('\n') }
  }

  #store(labels: readonly Label[], { value = 0, timestamp = 0 }: Sample, problems: string[]): boolean {
    const key = JSON.stringify(labels)
    const last = this.#last.get(key)
    if (last?.timestamp === timestamp && Object.is(last.value, value)) return true
    if (last !== undefined && timestamp <= last.timestamp!) {
      problems.push(timestamp === last.timestamp ? 'duplicate sample for timestamp' : 'out of order sample')
      return false
    }
    this.#last.set(key, { value, timestamp })
    this.stored.push(labels.find(([name]) => name === 'line')?.[1] ?? '')
    return true
  }
}

function labelsAt(references: readonly number[], symbols: readonly string[]): Label[] {
  return Array.from({ length: Math.ceil(references.length / 2) }, (_, i) => [
    symbols[references[2 * i]!] ?? '',
    symbols[references[2 * i + 1]!] ?? '',
  ])
}

/** "Label names MUST be unique and sorted lexicographically", each with a value, and one of them the metric's name. */
function problemOf(labels: readonly Label[]): string | undefined {
  for (const [i, [name, value]] of labels.entries()) {
    if (!LABEL_NAME.test(name)) return `label ${name}`
    if (value === '') return `label ${name} is empty`
    if (i > 0 && name <= labels[i - 1]![0]) return 'labels that are not sorted, or twice'
  }
  const metric = labels.find(([name]) => name === '__name__')?.[1]
  return METRIC_NAME.test(metric ?? '') ? undefined : `metric name ${metric}`
}

const vendorOf = (version: Version): Vendor => ({
  definition,
  variant: `${version}.0`,
  signal: 'metrics',
  block: lineBlock,
  start: () => new RemoteWriteFake(version).listen(),
  options: (fake) => ({ url: `${fake.url}${PATH}`, version }),
})

export const remoteWrite = vendorOf(1)
export const remoteWriteTwo = vendorOf(2)
