/**
 * What an upstream is made of, read and checked. `options.ts` makes plans from configuration. Milliseconds throughout.
 */
import { z } from 'zod'
import type { Secret } from '#std/secret.ts'

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
  key: Secret | undefined
  serverName: string | undefined
  /** False: any certificate will do. */
  verify: boolean
}

export const balances = ['round_robin', 'least_request', 'hash'] as const
export type Balance = (typeof balances)[number]

/** Probes that are sent without anybody asking. */
export interface HealthCheckPlan {
  type: 'http' | 'tcp'
  /** Of `http`: put after the target's own path. */
  path: string
  intervalMs: number
  timeoutMs: number
  /** Share of the interval by which each wait is shorter or longer at random. */
  jitterRatio: number
  /** Results in a row that change what is thought of a target; the very first result counts at once. */
  healthyThreshold: number
  unhealthyThreshold: number
  /** Of `http`: statuses that count as healthy, as ranges with both ends. */
  statuses: [from: number, to: number][]
}

/** When a target that answers badly is left out, and for how long. */
export interface OutlierPlan {
  /** In a row: any 5xx or no answer; and 502, 503, 504 or no answer. */
  consecutive5xx: number
  consecutiveGatewayFailures: number
  /** Times the number of ejections, up to the maximum. Each `intervalMs` without one forgets one. */
  baseEjectionMs: number
  maxEjectionMs: number
  intervalMs: number
  /** Of the targets with weight; one may always be ejected. */
  maxEjectionPercent: number
}

/** When nothing is sent to the whole upstream, and for how long. */
export interface BreakerPlan {
  windowMs: number
  /** Fewer requests in the window say nothing about a ratio. */
  minRequests: number
  failureRatio: number
  consecutiveFailures: number
  /** How long it stays open; doubles with each failed recovery up to the maximum. */
  openMs: number
  openMaxMs: number
  /** Requests under way at once while half open, and successes that close it. */
  probes: number
  successes: number
}

/** Further attempts within one request. */
export interface RetryPlan {
  maxRetries: number
  baseMs: number
  capMs: number
  /** Retries under way at once, as a share of the requests under way; `budgetMin` are always allowed. */
  budgetRatio: number
  budgetMin: number
  /** A longer `Retry-After` is not waited for: the answer goes to whoever asked. */
  retryAfterMaxMs: number
}

/** Requests under way at once over all targets; others wait in line, `pendingMax` of them. */
export interface ConcurrencyPlan {
  /** False: `max` is the limit, whatever happens. */
  adaptive: boolean
  min: number
  max: number
}

export interface UpstreamPlan {
  id: string
  targets: TargetPlan[]
  balance: Balance
  tls: TlsPlan | undefined
  /** Connections to one target, and requests that may wait for one. */
  connectionsMax: number
  pendingMax: number
  connectTimeoutMs: number
  /** When the healthy share of the targets is below this, health is not looked at. 0: always looked at. */
  panicRatio: number
  healthCheck: HealthCheckPlan | undefined
  outlier: OutlierPlan | undefined
  breaker: BreakerPlan | undefined
  retry: RetryPlan
  concurrency: ConcurrencyPlan | undefined
}

export const breakerDefaults: BreakerPlan = {
  windowMs: 10_000,
  minRequests: 20,
  failureRatio: 0.5,
  consecutiveFailures: 10,
  openMs: 30_000,
  openMaxMs: 300_000,
  probes: 3,
  successes: 2,
}

export const upstreamDefaults = {
  balance: 'least_request',
  tls: undefined,
  connectionsMax: 64,
  pendingMax: 1024,
  connectTimeoutMs: 5_000,
  panicRatio: 0.5,
  healthCheck: undefined,
  outlier: {
    consecutive5xx: 5,
    consecutiveGatewayFailures: 5,
    baseEjectionMs: 30_000,
    maxEjectionMs: 300_000,
    intervalMs: 10_000,
    maxEjectionPercent: 10,
  },
  breaker: breakerDefaults,
  retry: { maxRetries: 1, baseMs: 25, capMs: 250, budgetRatio: 0.2, budgetMin: 3, retryAfterMaxMs: 1_000 },
  concurrency: undefined,
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

export type TlsFiles = z.output<typeof tlsOptions>

/** The way to a single URL that one owner has for itself. */
export function privatePlan(owner: string, url: string, tls: TlsPlan | undefined): UpstreamPlan {
  return {
    ...upstreamDefaults,
    id: owner,
    targets: [{ url, weight: 1 }],
    tls,
    // There is no other target to eject it in favour of.
    outlier: undefined,
    // The owner has nowhere else to send and tries again by itself: half a minute of silence after a short hiccup would
    // only fill its queue. One second is enough to spare a server that is down, and a long outage still ends in long
    // rests.
    breaker: { ...breakerDefaults, openMs: 1_000, openMaxMs: 30_000 },
    // Two layers that both try again multiply. What is left is the replay after a stale keep-alive connection.
    retry: { ...upstreamDefaults.retry, maxRetries: 0 },
  }
}
