/** What an upstream is made of, read and checked. `schema.ts` makes plans from configuration. */
import { z } from 'zod'

/** One server of an upstream. */
export interface TargetPlan {
  /** Origin and perhaps a path that is put before every request's path. */
  url: string
  /** Share of the requests, relative to the others; 0 drains it. */
  weight: number
}

export interface TlsPlan {
  /** PEM texts. `ca` replaces the system's authorities. */
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
  serverName: string | undefined
  /** False: any certificate will do. */
  verify: boolean
}

export const balances = ['round_robin', 'least_request', 'hash'] as const
export type Balance = (typeof balances)[number]

export interface UpstreamPlan {
  id: string
  targets: TargetPlan[]
  balance: Balance
  tls: TlsPlan | undefined
  /** Connections to one target, and requests that may wait for one. */
  connectionsMax: number
  pendingMax: number
  connectTimeoutMs: number
}

export const upstreamDefaults = {
  balance: 'least_request',
  tls: undefined,
  connectionsMax: 64,
  pendingMax: 1024,
  connectTimeoutMs: 5_000,
} as const satisfies Partial<UpstreamPlan>

/** TLS as configured: files of PEM, so that what is secret stands in no configuration. */
export const tlsOptions = z
  .strictObject({
    ca_file: z.string().min(1).optional().describe("PEM of the authorities to trust instead of the system's."),
    cert_file: z.string().min(1).optional().describe('PEM of the certificate that we show.'),
    key_file: z.string().min(1).optional().describe('PEM of its key.'),
    server_name: z.string().min(1).optional().describe("Name to ask for and to check, instead of the URL's host."),
    verify: z.boolean().default(true).describe('Whether the certificate of the other side is checked.'),
  })
  .refine((tls) => (tls.cert_file === undefined) === (tls.key_file === undefined), 'cert_file and key_file go together')
