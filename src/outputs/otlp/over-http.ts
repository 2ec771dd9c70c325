/** OTLP/HTTP with binary Protocol Buffers. */
import type { Failed, OutputContext } from '#component/output.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Bytes } from '#std/bytes.ts'
import { signals } from '#telemetry/signal.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import { Endpoint, type EndpointSettings, gzip } from '../endpoint.ts'
import { statusIn } from './export.ts'
import { aborted, type ExportResult, notRunning, type Transport } from './transport.ts'

/** "All other 4xx or 5xx response status codes MUST NOT be retried." */
const RETRYABLE = new Set([429, 502, 503, 504])

export class HttpTransport implements Transport {
  readonly #endpoint: Endpoint
  readonly #path: string
  readonly #headers: Record<string, string>
  readonly #compressed: boolean

  /** `headers` hold what was configured, with names in lower case. */
  constructor(
    settings: EndpointSettings & { url: string },
    compressed: boolean,
    headers: Record<string, string>,
    context: OutputContext,
  ) {
    const url = new URL(settings.url)
    this.#endpoint = new Endpoint({ ...settings, url: url.origin }, context)
    this.#path = pathOf(url, context) + url.search
    this.#compressed = compressed
    this.#headers = { ...headers, 'content-type': 'application/x-protobuf' }
    if (compressed) this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async export(request: () => Bytes, signal: AbortSignal): Promise<ExportResult> {
    if (!this.#endpoint.running) return notRunning
    if (signal.aborted) return aborted
    const body = this.#compressed ? await gzip(request()) : request()
    const result = await this.#endpoint.request({
      method: 'POST',
      path: this.#path,
      headers: this.#headers,
      body,
      signal,
    })
    if (!result.answered) return this.#endpoint.failure(result)
    if (result.status >= 200 && result.status < 300) return { ok: true, response: responseOf(result) }
    return this.#failure(result)
  }

  #failure(answer: UpstreamAnswer): Failed {
    const failed = this.#endpoint.failure(answer)
    const { retryAfterMs, ...rest } = failed
    const retryable = RETRYABLE.has(answer.status)
    const said = isProtobuf(answer) ? statusIn(answer.body).message : ''
    const message = said === '' ? failed.message : `the server answered ${answer.status}: ${said}`
    return { ...rest, message, retryable, ...(retryable && retryAfterMs !== undefined ? { retryAfterMs } : {}) }
  }
}

/** A path that is given is used as it stands; one that takes another signal can only be a mistake. */
function pathOf({ pathname }: URL, { id, signal }: OutputContext): string {
  const path = `/v1/${signal}`
  if (pathname === '/') return path
  const other = signals.find((each) => each !== signal && pathname.endsWith(`/v1/${each}`))
  if (other === undefined) return pathname
  const problem = `output "${id}" sends ${signal}, but its url ends with /v1/${other}`
  const remedy = `leave the path out, or end it with ${path}`
  throw new StreamgateError('SG_CONFIG_INVALID', `${problem}; ${remedy}`, { path: 'url' })
}

/** A server that answers in another format says nothing that is understood here; the status is success all the same. */
function responseOf(answer: UpstreamAnswer): Bytes {
  return isProtobuf(answer) ? answer.body : answer.body.subarray(0, 0)
}

function isProtobuf({ headers }: UpstreamAnswer): boolean {
  return String(headers['content-type']).startsWith('application/x-protobuf')
}
