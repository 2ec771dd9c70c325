/** All upstreams of a node: those that the configuration names, shared by whoever names them, and private ones for single URLs. */
import { readFileSync } from 'node:fs'
import { StreamgateError } from '#contract/error.ts'
import { type TlsPlan, type UpstreamPlan, upstreamDefaults } from './plan.ts'
import { Upstream } from './upstream.ts'

/** Where an output sends: an upstream by its id, or a URL of its own. */
export interface EndpointPlan {
  upstream: string | undefined
  url: string | undefined
  tls: TlsFiles | undefined
}

/** `tlsOptions`, parsed. */
export interface TlsFiles {
  ca_file?: string | undefined
  cert_file?: string | undefined
  key_file?: string | undefined
  server_name?: string | undefined
  verify: boolean
}

export class Upstreams {
  readonly #named = new Map<string, Upstream>()

  /**
   * Throws `StreamgateError` when there is no upstream of that id, or a file of the TLS options cannot be read.
   * `owner` names a private upstream in metrics and messages. `release` is called when the owner stops.
   */
  connect(owner: string, endpoint: EndpointPlan): { upstream: Upstream; release(): Promise<void> } {
    if (endpoint.upstream !== undefined) {
      const upstream = this.#named.get(endpoint.upstream)
      if (upstream === undefined)
        throw new StreamgateError('SG_CONFIG_REFERENCE', `there is no upstream "${endpoint.upstream}"`)
      return { upstream, release: async () => undefined }
    }
    const tls = endpoint.tls === undefined ? undefined : readTls(endpoint.tls)
    const plan: UpstreamPlan = {
      ...upstreamDefaults,
      id: owner,
      targets: [{ url: endpoint.url!, weight: 1 }],
      tls,
    }
    const upstream = new Upstream(plan)
    return { upstream, release: () => upstream.stop() }
  }
}

function readTls(files: TlsFiles): TlsPlan {
  return {
    ca: textOf(files.ca_file),
    cert: textOf(files.cert_file),
    key: textOf(files.key_file),
    serverName: files.server_name,
    verify: files.verify,
  }
}

function textOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StreamgateError('SG_CONFIG_REFERENCE', `the file ${file} cannot be read`, { cause: error })
  }
}
