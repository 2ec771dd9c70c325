/**
 * All upstreams of a node: those that the configuration names, shared by whoever names them, and private ones for
 * single URLs.
 */
import { StreamgateError } from '#contract/error.ts'
import type { UpstreamState } from '#contract/stats.ts'
import { silentLogger } from '#observe/log.ts'
import { systemClock } from '#std/clock.ts'
import { privatePlan, type TlsFiles, type UpstreamPlan } from './plan.ts'
import { readTls } from './tls.ts'
import { Upstream, type UpstreamContext } from './upstream.ts'

/** Where an output sends: an upstream by its id, or a URL of its own. */
export interface EndpointPlan {
  upstream: string | undefined
  url: string | undefined
  tls: TlsFiles | undefined
}

/** A change that is ready to be made. Exactly one of the two must be called. */
export interface PreparedUpstreams {
  /** Puts the plans to work. Cannot fail. */
  commit(): void
  /** Goes back to what was. */
  discard(): void
}

interface Named {
  upstream: Upstream
  /** Connections that have not been released. */
  uses: number
  /** Whether the configuration that runs names it. What is not wanted goes with its last use. */
  wanted: boolean
}

export class Upstreams {
  readonly #context: UpstreamContext
  readonly #named = new Map<string, Named>()
  /** In order of making, so that the younger of two with one owner stands later. */
  readonly #private = new Set<Upstream>()
  /** Ids of plans that are prepared. */
  #prepared: ReadonlySet<string> | undefined
  readonly #stopping = new Set<Promise<void>>()

  constructor(context: Partial<UpstreamContext> = {}) {
    this.#context = { clock: systemClock, random: Math.random, log: silentLogger, ...context }
  }

  /**
   * Makes what is new, so that `connect` finds it, and leaves what runs as it is. Throws `StreamgateError` when another
   * change is being prepared, an id is there twice, or a URL is none.
   */
  prepare(plans: readonly UpstreamPlan[]): PreparedUpstreams {
    const ids = new Set(plans.map(({ id }) => id))
    if (ids.size < plans.length)
      throw new StreamgateError('SG_CONFIG_DUPLICATE_ID', 'two upstreams have the same id', { path: 'upstreams' })
    if (this.#prepared !== undefined) throw new StreamgateError('SG_RELOAD', 'another reload is under way')
    for (const { id, targets } of plans) {
      const bad = targets.find(({ url }) => !URL.canParse(url))
      if (bad === undefined) continue
      throw new StreamgateError('SG_CONFIG_INVALID', `upstream "${id}" has a target that is no URL`, {
        path: 'upstreams',
      })
    }
    for (const plan of plans) {
      if (this.#named.has(plan.id)) continue
      this.#named.set(plan.id, { upstream: new Upstream(plan, this.#context), uses: 0, wanted: false })
    }
    this.#prepared = ids
    return {
      commit: () => {
        this.#prepared = undefined
        for (const plan of plans) {
          const named = this.#named.get(plan.id)!
          named.wanted = true
          named.upstream.configure(plan)
        }
        for (const [id, named] of this.#named) if (!ids.has(id)) named.wanted = false
        this.#sweep()
      },
      discard: () => {
        this.#prepared = undefined
        this.#sweep()
      },
    }
  }

  /**
   * Throws `StreamgateError` when there is no upstream of that id, or a file of the TLS options cannot be read.
   * `owner` names a private upstream in metrics and messages. `release` is called when the owner stops.
   */
  connect(owner: string, endpoint: EndpointPlan): { upstream: Upstream; release(): Promise<void> } {
    if (endpoint.upstream !== undefined) return this.#share(endpoint.upstream)
    const tls = endpoint.tls === undefined ? undefined : readTls(endpoint.tls)
    const upstream = new Upstream(privatePlan(owner, endpoint.url!, tls), this.#context, false)
    this.#private.add(upstream)
    return {
      upstream,
      release: async () => {
        this.#private.delete(upstream)
        await upstream.stop()
      },
    }
  }

  /** Named ones, then private ones; of two with the same owner, while one takes over from the other, the younger. */
  snapshot(): UpstreamState[] {
    const named = [...this.#named.values()].map(({ upstream }) => upstream.snapshot())
    const byOwner = new Map([...this.#private].map((upstream) => [upstream.plan.id, upstream]))
    return [...named, ...[...byOwner.values()].map((upstream) => upstream.snapshot())]
  }

  /** Ends everything, whoever may still hold it: requests are answered with `stopped` from now on. */
  async stop(): Promise<void> {
    const all = [...[...this.#named.values()].map(({ upstream }) => upstream), ...this.#private]
    this.#named.clear()
    this.#private.clear()
    await Promise.all([...all.map((upstream) => upstream.stop()), ...this.#stopping])
  }

  #share(id: string): { upstream: Upstream; release(): Promise<void> } {
    const named = this.#named.get(id)
    if (named === undefined || !(named.wanted || this.#prepared?.has(id)))
      throw new StreamgateError('SG_CONFIG_REFERENCE', `there is no upstream "${id}"`)
    named.uses++
    let released = false
    const release = async () => {
      if (released) return
      released = true
      named.uses--
      this.#sweep()
    }
    return { upstream: named.upstream, release }
  }

  /** Lets go of what nobody wants and nobody uses. */
  #sweep(): void {
    for (const [id, { upstream, uses, wanted }] of this.#named) {
      if (wanted || uses > 0 || this.#prepared?.has(id)) continue
      this.#named.delete(id)
      const stopped: Promise<void> = upstream.stop().finally(() => this.#stopping.delete(stopped))
      this.#stopping.add(stopped)
    }
  }
}
