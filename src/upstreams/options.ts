/** The entries of `upstreams` in a configuration document, and plans from them. */
import { z } from 'zod'
import { balances, breakerDefaults, tlsOptions, type UpstreamPlan, upstreamDefaults } from './plan.ts'
import { readTls } from './tls.ts'

export const TARGETS_MAX = 64
const HOUR_MS = 3_600_000
const { outlier: outlierDefaults, retry: retryDefaults } = upstreamDefaults

const duration = z.int().min(1).max(HOUR_MS)
const count = z.int().min(1).max(1_000_000)
const ratio = z.number().min(0).max(1)

const target = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .refine(isPlain, 'must have no user, query or fragment: an origin, and perhaps a path')
    .describe("Origin, and perhaps a path that is put before every request's path."),
  weight: z.int().min(0).max(1_000_000).default(1).describe('Share of the requests; 0 drains it.'),
})

const STATUSES = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/

/** `200`, or `200-399` with both ends. */
const statuses = z
  .union([z.int().transform(String), z.string()])
  .refine((text) => {
    const match = STATUSES.exec(text)
    return match !== null && Number(match[1]) <= Number(match[2] ?? match[1])
  }, 'must be a status such as 200, or a range such as 200-399')
  .transform((text): [number, number] => {
    const [from, to] = text.split('-').map(Number)
    return [from!, to ?? from!]
  })

const healthCheck = z
  .strictObject({
    type: z.enum(['http', 'tcp']).default('http').describe('A GET request, or only a connection.'),
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]*$/, 'must begin with a slash')
      .default('/')
      .describe('What http asks for.'),
    interval_ms: duration.default(10_000).describe('From one check to the next.'),
    timeout_ms: duration.default(2_000).describe('How long a check may take.'),
    jitter_ratio: ratio.default(0.1).describe('Share of the interval by which each wait varies at random.'),
    healthy_threshold: count.default(2).describe('Good results in a row that bring a target back.'),
    unhealthy_threshold: count.default(3).describe('Bad results in a row that take it out.'),
    statuses: z
      .array(statuses)
      .min(1)
      .max(100)
      .default([[200, 399]])
      .describe('Statuses that count as good, such as 200 or 200-399.'),
  })
  .refine((check) => check.type === 'http' || check.path === '/', { error: 'is only for http', path: ['path'] })

const outlier = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether targets that answer badly are left out for a time.'),
  consecutive_5xx: count.default(outlierDefaults.consecutive5xx).describe('5xx or no answer, in a row.'),
  consecutive_gateway_failures: count
    .default(outlierDefaults.consecutiveGatewayFailures)
    .describe('502, 503, 504 or no answer, in a row.'),
  base_ejection_ms: duration.default(outlierDefaults.baseEjectionMs).describe('Times how often it was left out.'),
  max_ejection_ms: duration.default(outlierDefaults.maxEjectionMs).describe('The longest time.'),
  interval_ms: duration.default(outlierDefaults.intervalMs).describe('Good behaviour that forgets one time.'),
  max_ejection_percent: z
    .int()
    .min(0)
    .max(100)
    .default(outlierDefaults.maxEjectionPercent)
    .describe('Share of the targets that may be left out at once; one always may.'),
})

const breaker = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether requests stop when most of them fail.'),
  window_ms: z.int().min(10).max(HOUR_MS).default(breakerDefaults.windowMs).describe('What is looked back on.'),
  min_requests: count.default(breakerDefaults.minRequests).describe('Requests in the window before a share counts.'),
  failure_ratio: z.number().min(0.01).max(1).default(breakerDefaults.failureRatio).describe('Share that opens it.'),
  consecutive_failures: count.default(breakerDefaults.consecutiveFailures).describe('Failures in a row that open it.'),
  open_ms: duration.default(breakerDefaults.openMs).describe('How long it stays open; doubles each time.'),
  open_max_ms: duration.default(breakerDefaults.openMaxMs).describe('The longest it stays open.'),
  probes: count.default(breakerDefaults.probes).describe('Requests at once that try whether it is over.'),
  successes: count.default(breakerDefaults.successes).describe('Good ones that close it.'),
})

const retry = z.strictObject({
  max_retries: z.int().min(0).max(10).default(retryDefaults.maxRetries).describe('Further attempts; 0 for none.'),
  base_ms: duration.default(retryDefaults.baseMs).describe('Bound of the first wait; it doubles each time.'),
  cap_ms: duration.default(retryDefaults.capMs).describe('The longest bound.'),
  budget_ratio: ratio.default(retryDefaults.budgetRatio).describe('Retries at once, as a share of the requests.'),
  budget_min: z.int().min(0).max(1000).default(retryDefaults.budgetMin).describe('Retries at once that always may be.'),
  retry_after_max_ms: z
    .int()
    .min(0)
    .max(HOUR_MS)
    .default(retryDefaults.retryAfterMaxMs)
    .describe('A longer Retry-After ends the attempts.'),
})

const concurrency = z
  .strictObject({
    adaptive: z.boolean().default(true).describe('Whether the limit follows latency and refusals.'),
    min: count.default(1).describe('The lowest limit.'),
    max: count.default(1000).describe('The highest limit, or the limit.'),
  })
  .refine(({ min, max }) => min <= max, { error: 'must not be below min', path: ['max'] })

/** Spread into a strict object that has an `id` too. */
export const upstreamOptions = {
  targets: z
    .array(target)
    .min(1)
    .max(TARGETS_MAX)
    .superRefine((targets, context) => {
      const seen = new Set<string>()
      targets.forEach(({ url }, i) => {
        // One that is none has been complained of; one with a reference is known on the node only.
        const href = URL.parse(url)?.href ?? url
        if (seen.has(href)) context.addIssue({ code: 'custom', path: [i, 'url'], message: 'is there twice' })
        seen.add(href)
      })
      if (targets.every(({ weight }) => weight === 0))
        context.addIssue({ code: 'custom', path: [], message: 'need one with a weight above 0' })
    })
    .describe('Servers that all do the same.'),
  balance: z.enum(balances).default(upstreamDefaults.balance).describe('Which target a request goes to.'),
  tls: tlsOptions.optional().describe('Authorities, client certificate and server name for https.'),
  connections_max: z
    .int()
    .min(1)
    .max(10_000)
    .default(upstreamDefaults.connectionsMax)
    .describe('Connections to one target.'),
  pending_max: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(upstreamDefaults.pendingMax)
    .describe('Requests that may wait for one.'),
  connect_timeout_ms: duration
    .default(upstreamDefaults.connectTimeoutMs)
    .describe('How long a connection may take to open, TLS included.'),
  panic_ratio: ratio
    .default(upstreamDefaults.panicRatio)
    .describe('Below this healthy share all targets are used again; 0 for never.'),
  health_check: healthCheck.optional().describe('Checks that are made without anybody asking.'),
  outlier: outlier.prefault({}).describe('Leaves out targets that answer badly, for a time.'),
  breaker: breaker.prefault({}).describe('Stops sending when most requests fail, for a time.'),
  retry: retry.prefault({}).describe('Further attempts within one request.'),
  concurrency: concurrency.optional().describe('Limits the requests under way over all targets.'),
}

const entry = z.object({ id: z.string(), ...upstreamOptions })
export type UpstreamEntry = z.output<typeof entry>

/** Reads the files of `tls`. Throws `StreamgateError` with a path that counts from the entry. */
export function upstreamPlan(entry: UpstreamEntry): UpstreamPlan {
  const { health_check: check, outlier, breaker, retry } = entry
  return {
    id: entry.id,
    targets: entry.targets,
    balance: entry.balance,
    tls: entry.tls === undefined ? undefined : readTls(entry.tls),
    connectionsMax: entry.connections_max,
    pendingMax: entry.pending_max,
    connectTimeoutMs: entry.connect_timeout_ms,
    panicRatio: entry.panic_ratio,
    healthCheck: check && {
      type: check.type,
      path: check.path,
      intervalMs: check.interval_ms,
      timeoutMs: check.timeout_ms,
      jitterRatio: check.jitter_ratio,
      healthyThreshold: check.healthy_threshold,
      unhealthyThreshold: check.unhealthy_threshold,
      statuses: check.statuses,
    },
    outlier: outlier.enabled
      ? {
          consecutive5xx: outlier.consecutive_5xx,
          consecutiveGatewayFailures: outlier.consecutive_gateway_failures,
          baseEjectionMs: outlier.base_ejection_ms,
          maxEjectionMs: Math.max(outlier.base_ejection_ms, outlier.max_ejection_ms),
          intervalMs: outlier.interval_ms,
          maxEjectionPercent: outlier.max_ejection_percent,
        }
      : undefined,
    breaker: breaker.enabled
      ? {
          windowMs: breaker.window_ms,
          minRequests: breaker.min_requests,
          failureRatio: breaker.failure_ratio,
          consecutiveFailures: breaker.consecutive_failures,
          openMs: breaker.open_ms,
          openMaxMs: Math.max(breaker.open_ms, breaker.open_max_ms),
          probes: breaker.probes,
          successes: breaker.successes,
        }
      : undefined,
    retry: {
      maxRetries: retry.max_retries,
      baseMs: retry.base_ms,
      capMs: Math.max(retry.base_ms, retry.cap_ms),
      budgetRatio: retry.budget_ratio,
      budgetMin: retry.budget_min,
      retryAfterMaxMs: retry.retry_after_max_ms,
    },
    concurrency: entry.concurrency,
  }
}

/** Credentials and queries would show in messages and metrics. */
function isPlain(text: string): boolean {
  if (!URL.canParse(text)) return true
  const { username, password, search, hash } = new URL(text)
  return username === '' && password === '' && search === '' && hash === ''
}
