/**
 * One server of an upstream as it is known now. Lives as long as upstream, URL and TLS stay the same, through any
 * reload.
 */
import type { Clock } from '#std/clock.ts'
import type { Candidate } from './balance.ts'
import { type ConnectionLimits, Connections, type Exchange } from './connections.ts'
import { LatencyAverage } from './ewma.ts'
import { Health } from './health.ts'
import { Outlier } from './outlier.ts'
import type { TlsPlan, UpstreamPlan } from './plan.ts'
import { ProbeLoop, probe } from './probe.ts'
import { tlsIdentity } from './tls.ts'
import type { UpstreamRequest } from './upstream.ts'

export const targetStates = ['healthy', 'unhealthy', 'ejected', 'drained'] as const
export type TargetState = (typeof targetStates)[number]

/** What happens to a target beside requests. */
export interface TargetEvents {
  clock: Clock
  random: () => number
  /** Called when active checks have changed the verdict. */
  healthChanged(target: Target): void
  restored(target: Target): void
}

export class Target implements Candidate {
  readonly name: string
  /** What must stay the same for it to be the same target. */
  readonly identity: string
  readonly url: URL
  readonly health = new Health()
  readonly outlier: Outlier
  readonly latency: LatencyAverage
  weight = 0
  active = 0
  requests = 0
  failures = 0
  readonly #around: TargetEvents
  readonly #tls: TlsPlan | undefined
  #limits: ConnectionLimits
  #connections: Connections
  /** Those of earlier limits that still carry something. */
  readonly #leaving = new Set<Connections>()
  #probes: ProbeLoop | undefined
  #check: UpstreamPlan['healthCheck']

  constructor(url: string, plan: UpstreamPlan, around: TargetEvents) {
    this.identity = targetIdentity(plan.id, url, plan.tls)
    this.url = new URL(url)
    this.name = this.url.href
    this.outlier = new Outlier(around.clock)
    this.latency = new LatencyAverage(around.clock)
    this.#around = around
    this.#tls = plan.tls
    this.#limits = plan
    this.#connections = new Connections(this.url.origin, plan)
  }

  get state(): TargetState {
    if (this.weight === 0) return 'drained'
    if (!this.health.healthy) return 'unhealthy'
    return this.outlier.ejected ? 'ejected' : 'healthy'
  }

  get hasRoom(): boolean {
    return this.#connections.hasRoom
  }

  get waiting(): number {
    return this.#connections.waiting
  }

  /** Takes over what a plan says of it, keeping what it knows. Idle the first time: `watch` begins the checks. */
  configure(plan: UpstreamPlan, weight: number): void {
    this.weight = weight
    if (plan.outlier === undefined) this.outlier.restore()
    const { connectionsMax, pendingMax, connectTimeoutMs } = this.#limits
    const same =
      plan.connectionsMax === connectionsMax &&
      plan.pendingMax === pendingMax &&
      plan.connectTimeoutMs === connectTimeoutMs
    if (same) return
    this.#limits = plan
    this.#leave(this.#connections)
    this.#connections = new Connections(this.url.origin, plan)
  }

  /** Begins, goes on with or ends active checks. A check that stays the same is not disturbed. */
  watch(check: UpstreamPlan['healthCheck']): void {
    if (JSON.stringify(check) === JSON.stringify(this.#check)) return
    this.#probes?.stop()
    this.#probes = undefined
    this.#check = check
    if (check === undefined) {
      this.health.forget()
      return
    }
    const run = (signal: AbortSignal) => probe(this.url, check, this.#tls, signal)
    this.#probes = new ProbeLoop(check, run, (ok) => this.#checked(ok), this.#around.random)
    this.#probes.start()
  }

  exchange(request: UpstreamRequest, headers: Readonly<Record<string, string>>): Promise<Exchange> {
    const { method, body, timeoutMs, signal } = request
    const path = this.url.pathname.replace(/\/$/, '') + request.path
    return this.#connections.exchange({ method, path, headers, body }, timeoutMs, signal)
  }

  /** Ends the checks; requests that are under way go on. */
  async retire(): Promise<void> {
    this.#probes?.stop()
    this.#probes = undefined
    await Promise.all([this.#connections, ...this.#leaving].map((connections) => connections.close()))
  }

  async stop(): Promise<void> {
    this.#probes?.stop()
    await Promise.all([this.#connections, ...this.#leaving].map((connections) => connections.destroy()))
  }

  #leave(connections: Connections): void {
    this.#leaving.add(connections)
    void connections.close().then(() => this.#leaving.delete(connections))
  }

  #checked(ok: boolean): void {
    if (this.#check === undefined) return
    if (ok && this.outlier.restore()) this.#around.restored(this)
    if (this.health.record(ok, this.#check)) this.#around.healthChanged(this)
  }
}

export function targetIdentity(upstream: string, url: string, tls: TlsPlan | undefined): string {
  return `${upstream} ${new URL(url).href} ${tlsIdentity(tls)}`
}
