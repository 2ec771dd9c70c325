/**
 * An upstream: one or more servers that do the same, and the way to them. Whoever sends over HTTP sends through one.
 *
 * A request passes the breaker, waits for its turn where concurrency is limited, goes to a target that the balancer
 * picks among those that are well, and perhaps to another one. The object stays the same through reloads; what is
 * behind it changes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { UpstreamState } from '#contract/stats.ts'
import type { Logger } from '#observe/log.ts'
import { Backoff } from '#std/backoff.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'
import { type Balancer, createBalancer } from './balance.ts'
import { Breaker, type Verdict } from './breaker.ts'
import { Concurrency } from './concurrency.ts'
import { mayEject, outcomeOf } from './outlier.ts'
import type { UpstreamPlan } from './plan.ts'
import {
  ABORTED,
  breakerOpen,
  loadSign,
  NEUTRAL_CODES,
  outcomeName,
  resultOf,
  silence,
  textOf,
  verdictOn,
} from './result.ts'
import { REPLAYS_MAX, type Reach, RetryBudget, retryWaitMs } from './retry.ts'
import { Target, type TargetEvents, targetIdentity } from './target.ts'

export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Path and query, beginning with a slash. */
  path: string
  headers: Readonly<Record<string, string>>
  /** Headers that depend on the target, such as a signature: asked for each attempt. */
  sign?: (target: URL) => Promise<Record<string, string>>
  body: Uint8Array | null
  /** Of each attempt, from the first byte to the last. */
  timeoutMs: number
  signal: AbortSignal
  /** What `hash` balances by. */
  hashKey?: string
}

/** A target answered, whatever it said. */
export interface UpstreamAnswer {
  answered: true
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** At most `ANSWER_BYTES_MAX`; the rest was thrown away. That it broke off changes nothing about the status. */
  body: Bytes
  /** Milliseconds that `Retry-After` asks to wait. */
  retryAfterMs: number | undefined
}

/** Nobody answered: `code` is short and bounded in number, fit for a metric's label. Never what was sent is told. */
export interface UpstreamSilence {
  answered: false
  code: string
  message: string
  /** When trying again makes sense, if that is known: a breaker is open, or all targets are out. */
  retryAfterMs?: number
}

export type UpstreamResult = UpstreamAnswer | UpstreamSilence

/** What an upstream needs of the world. */
export interface UpstreamContext {
  clock: Clock
  /** In [0, 1). */
  random: () => number
  log: Logger
}

export class Upstream {
  /** False: it has one owner, who made it for a URL of its own. */
  readonly shared: boolean
  #plan: UpstreamPlan
  readonly #context: UpstreamContext
  readonly #events: TargetEvents
  #targets: Target[]
  #balancer: Balancer
  #breaker: Breaker | undefined
  #concurrency: Concurrency | undefined
  readonly #budget = new RetryBudget()
  readonly #retiring = new Set<Target>()
  #active = 0
  #panicking = false
  #stopped = false
  readonly #counts = { answered: 0, failed: 0, overflow: 0, breaker_open: 0, cancelled: 0, retries: 0 }

  constructor(plan: UpstreamPlan, context: UpstreamContext, shared = true) {
    this.shared = shared
    this.#plan = plan
    this.#context = context
    this.#events = {
      clock: context.clock,
      random: context.random,
      healthChanged: (target) => this.#tell(target, target.health.healthy ? 'is well again' : 'fails its checks'),
      restored: (target) => this.#tell(target, 'is back before its time: a check succeeded'),
    }
    this.#balancer = createBalancer(plan.balance, context.random)
    this.#targets = this.#targetsOf(plan)
    this.#adopt(plan)
  }

  get plan(): UpstreamPlan {
    return this.#plan
  }

  /** Begins the active checks. Before this, and without checks, all targets count as well. */
  watch(): void {
    for (const target of this.#targets) target.watch(this.#plan.healthCheck)
  }

  /**
   * Takes over another plan with the same id. Targets that are still there keep their connections and all that is known
   * of them; those that are gone finish what they have.
   */
  configure(plan: UpstreamPlan): void {
    const before = this.#targets
    if (plan.balance !== this.#plan.balance) this.#balancer = createBalancer(plan.balance, this.#context.random)
    this.#targets = this.#targetsOf(plan)
    this.#plan = plan
    this.#adopt(plan)
    for (const target of before) if (!this.#targets.includes(target)) this.#retire(target)
    this.watch()
  }

  /** Never rejects: failures are results. */
  async request(request: UpstreamRequest): Promise<UpstreamResult> {
    this.#active++
    try {
      const result = await this.#guarded(request)
      this.#counts[outcomeName(result)]++
      return result
    } finally {
      this.#active--
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#targets, ...this.#retiring].map((target) => target.stop()))
  }

  snapshot(): UpstreamState {
    const { clock } = this.#context
    const breaker = this.#breaker
    const concurrency = this.#concurrency
    const { retries, ...requests } = this.#counts
    // Without requests nobody else looks whether the panic is over.
    this.#usable()
    return {
      id: this.#plan.id,
      shared: this.shared,
      balance: this.#plan.balance,
      panic: this.#panicking,
      breaker: breaker === undefined ? null : { state: breaker.state, opened: breaker.opened },
      concurrency: concurrency === undefined ? null : { limit: concurrency.limit, waiting: concurrency.waiting },
      active: this.#active,
      requests,
      retries,
      targets: this.#targets.map((target) => ({
        // A private URL may hold what is nobody's business behind its origin.
        url: this.shared ? target.url.href : target.url.origin,
        weight: target.weight,
        state: target.state,
        ejected_until: target.outlier.ejected ? Math.round(clock.wall() + target.outlier.ejectedForMs) : null,
        ejections: target.outlier.ejections,
        active: target.active,
        waiting: target.waiting,
        latency_ms: target.latency.value ?? null,
        requests: target.requests,
        failures: target.failures,
      })),
    }
  }

  /** Breaker and concurrency around the attempts. */
  async #guarded(request: UpstreamRequest): Promise<UpstreamResult> {
    if (this.#stopped) return silence('stopped', 'the upstream is not running')
    if (request.signal.aborted) return ABORTED
    if ((this.#breaker?.refusedForMs ?? 0) > 0) return breakerOpen(this.#breaker!)
    const concurrency = this.#concurrency
    const turn = (await concurrency?.enter(request.signal, request.timeoutMs)) ?? 'granted'
    if (turn === 'aborted') return ABORTED
    if (turn === 'overflow') return silence('overflow', 'too many requests wait for this upstream')
    if (turn === 'timeout') return silence('timeout', 'no turn came in time: too many requests are under way')
    const startedAt = this.#context.clock.now()
    const result = await this.#admitted(request)
    concurrency?.leave(loadSign(result), this.#context.clock.now() - startedAt)
    return result
  }

  /** It is this request's turn; while it waited, the breaker may have opened. */
  async #admitted(request: UpstreamRequest): Promise<UpstreamResult> {
    if (this.#stopped) return silence('stopped', 'the upstream is not running')
    const breaker = this.#breaker
    if (breaker === undefined) return await this.#attempts(request)
    const ticket = breaker.admit()
    if (ticket === undefined) return breakerOpen(breaker)
    const result = await this.#attempts(request)
    this.#judge(breaker, ticket, verdictOn(result))
    return result
  }

  async #attempts(request: UpstreamRequest): Promise<UpstreamResult> {
    const { retry } = this.#plan
    const tried = new Set<Target>()
    const backoff = new Backoff(retry.baseMs, retry.capMs, this.#context.random)
    let replays = 0
    let retries = 0
    let budgeted = false
    try {
      for (;;) {
        const target = this.#pick(request.hashKey, tried)
        if (!(target instanceof Target)) return target
        const { reach, result } = await this.#attempt(target, request, replays < REPLAYS_MAX)
        // A reload took the target away before the request got there.
        const moved = !result.answered && result.code === 'stopped' && reach === 'not_sent' && !this.#stopped
        if ((reach === 'stale' || moved) && replays < REPLAYS_MAX && !request.signal.aborted) {
          // Nothing but the way was at fault, so this is no retry of a failure.
          replays++
          this.#counts.retries++
          continue
        }
        const waitMs = retries < retry.maxRetries ? retryWaitMs(request.method, reach, result, retry) : undefined
        if (waitMs === undefined || this.#stopped) return result
        budgeted ||= this.#budget.take(this.#active, retry)
        if (!budgeted) return result
        tried.add(target)
        retries++
        this.#counts.retries++
        await sleep(Math.max(waitMs, backoff.next()), undefined, { signal: request.signal }).catch(() => undefined)
        if (request.signal.aborted) return ABORTED
      }
    } finally {
      if (budgeted) this.#budget.give()
    }
  }

  async #attempt(
    target: Target,
    request: UpstreamRequest,
    mayReplay: boolean,
  ): Promise<{ reach: Reach; result: UpstreamResult }> {
    const headers = await signedHeaders(request, target.url)
    if (headers.answered === false) return { reach: 'not_sent', result: headers }
    const { clock } = this.#context
    const startedAt = clock.now()
    target.active++
    const exchange = await target.exchange(request, headers.headers)
    target.active--
    const { reach } = exchange
    const result = resultOf(exchange, request.signal, clock.wall())
    if (reach === 'stale' && mayReplay) return { reach, result }
    if (!result.answered && NEUTRAL_CODES.has(result.code)) return { reach, result }
    target.requests++
    if (result.answered) target.latency.add(clock.now() - startedAt)
    const outcome = result.answered ? outcomeOf(result.status) : 'gateway'
    if (outcome !== 'ok') target.failures++
    this.#watchForOutlier(target, outcome)
    return { reach, result }
  }

  #watchForOutlier(target: Target, outcome: ReturnType<typeof outcomeOf>): void {
    const plan = this.#plan.outlier
    if (plan === undefined) return
    const allowed = () => {
      const among = this.#targets.filter(({ weight }) => weight > 0)
      return mayEject(among.filter(({ outlier }) => outlier.ejected).length, among.length, plan.maxEjectionPercent)
    }
    if (target.outlier.record(outcome, plan, allowed))
      this.#tell(target, `fails too often and is left out for ${Math.round(target.outlier.ejectedForMs)} ms`)
  }

  /** A target that has not been tried yet, if there is one; or why there is none at all. */
  #pick(hashKey: string | undefined, tried: ReadonlySet<Target>): Target | UpstreamSilence {
    const usable = this.#usable()
    if (usable.length === 0) return this.#nobody()
    const free = usable.filter((target) => target.hasRoom)
    if (free.length === 0) return silence('overflow', 'too many requests wait for a connection')
    const fresh = tried.size === 0 ? free : free.filter((target) => !tried.has(target))
    return this.#balancer.pick(fresh.length > 0 ? fresh : free, hashKey)
  }

  /** Those that are well; all of them when too few are, since a few would only break under the load of all. */
  #usable(): Target[] {
    const among = this.#targets.filter(({ weight }) => weight > 0)
    const well = among.filter(({ state }) => state === 'healthy')
    const panicking = well.length < among.length * this.#plan.panicRatio
    if (panicking !== this.#panicking) {
      this.#panicking = panicking
      const { id } = this.#plan
      const what = panicking ? 'too few targets are well, all are used' : 'enough targets are well again'
      this.#context.log.warn({ upstream: id, well: well.length, targets: among.length }, `upstream ${id}: ${what}`)
    }
    return panicking ? among : well
  }

  #nobody(): UpstreamSilence {
    const waits = this.#targets.filter(({ outlier }) => outlier.ejected).map(({ outlier }) => outlier.ejectedForMs)
    const retryAfterMs = Math.ceil(Math.min(...waits, this.#plan.healthCheck?.intervalMs ?? Number.POSITIVE_INFINITY))
    return {
      ...silence('no_target', 'no target is well'),
      ...(Number.isFinite(retryAfterMs) ? { retryAfterMs } : {}),
    }
  }

  #judge(breaker: Breaker, ticket: number, verdict: Verdict): void {
    const before = breaker.state
    breaker.done(ticket, verdict)
    if (breaker.state === before) return
    const { id } = this.#plan
    const fields = { upstream: id, breaker: breaker.state }
    if (breaker.state === 'closed') this.#context.log.warn(fields, `upstream ${id} answers again`)
    else {
      const restMs = Math.round(breaker.refusedForMs)
      this.#context.log.warn(fields, `upstream ${id} fails too often: nothing is sent for ${restMs} ms`)
    }
  }

  /** Known targets as they are, and new ones, in the plan's order. */
  #targetsOf(plan: UpstreamPlan): Target[] {
    const known = new Map((this.#targets ?? []).map((target) => [target.identity, target]))
    return plan.targets.map(({ url, weight }) => {
      const target = known.get(targetIdentity(plan.id, url, plan.tls)) ?? new Target(url, plan, this.#events)
      target.configure(plan, weight)
      return target
    })
  }

  /** Breaker and concurrency keep what they know, unless the plan has none of them. */
  #adopt({ breaker, concurrency, pendingMax }: UpstreamPlan): void {
    const { clock, random } = this.#context
    if (breaker === undefined) this.#breaker = undefined
    else if (this.#breaker === undefined) this.#breaker = new Breaker(breaker, clock, random)
    else this.#breaker.plan = breaker
    const before = this.#concurrency
    if (concurrency === undefined) this.#concurrency = undefined
    else if (before === undefined) this.#concurrency = new Concurrency(concurrency, pendingMax)
    if (before === undefined) return
    before.plan = concurrency ?? { adaptive: false, min: 1, max: Number.POSITIVE_INFINITY }
    before.pendingMax = pendingMax
    before.admitWaiting()
  }

  #retire(target: Target): void {
    this.#retiring.add(target)
    void target.retire().then(() => this.#retiring.delete(target))
  }

  #tell(target: Target, what: string): void {
    const { id } = this.#plan
    const url = this.shared ? target.url.href : target.url.origin
    this.#context.log.warn({ upstream: id, target: url }, `upstream ${id}: ${url} ${what}`)
  }
}

interface SignedHeaders {
  answered?: undefined
  headers: Readonly<Record<string, string>>
}

/** A signer may have to fetch its key first; when the signal aborts it is not waited for. */
async function signedHeaders(
  { headers, sign, signal }: UpstreamRequest,
  target: URL,
): Promise<SignedHeaders | UpstreamSilence> {
  if (signal.aborted) return ABORTED
  if (sign === undefined) return { headers }
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', reject, { once: true })
  try {
    const signed = await Promise.race([sign(new URL(target)), aborted])
    return { headers: { ...headers, ...signed } }
  } catch (error) {
    return signal.aborted ? ABORTED : silence('sign', `the request cannot be signed: ${textOf(error)}`)
  } finally {
    signal.removeEventListener('abort', reject)
  }
}
