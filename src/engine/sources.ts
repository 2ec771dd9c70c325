/** The sources of a node: started, stopped and changed as plans say; each has its door into the intake. */

import type { SourcePlan } from '#component/plan.ts'
import { find, type Registry } from '#component/registry.ts'
import type { Source } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import type { SourceBooks } from '#contract/stats.ts'
import { SharedHttpListeners } from '#listeners/http-listeners.ts'
import { SourceLedger } from '#observe/books.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import { identityOf, type Keepsakes } from './assembly.ts'
import { Door } from './door.ts'
import { pipelinesOf } from './generation.ts'
import type { Traffic } from './traffic.ts'

interface Running {
  plan: SourcePlan
  identity: string
  source: Source
  door: Door
  ledger: SourceLedger
}

export class Sources {
  readonly #registry: Registry
  readonly #keep: Keepsakes
  readonly #traffic: Traffic
  readonly #clock: Clock
  readonly #log: Logger
  readonly #listeners: SharedHttpListeners
  readonly #running = new Map<string, Running>()
  readonly #ledgers = new Map<string, SourceLedger>()

  constructor(registry: Registry, keep: Keepsakes, traffic: Traffic, clock: Clock, log: Logger) {
    this.#registry = registry
    this.#keep = keep
    this.#traffic = traffic
    this.#clock = clock
    this.#log = log
    this.#listeners = new SharedHttpListeners(clock, log)
  }

  /** Stops those that `plans` no longer name. False: there are none. */
  async leave(plans: readonly SourcePlan[]): Promise<boolean> {
    const leaving = [...this.#running.keys()].filter((id) => plans.every((plan) => plan.id !== id))
    for (const id of leaving) await this.#stop(id)
    return leaving.length > 0
  }

  /**
   * Sources that did not change keep their listeners and connections. When one cannot start, the others do; it goes on
   * as it was before, and if it is new, it is as if it never was. Then rejects with what kept the first from starting.
   */
  async apply(plans: readonly SourcePlan[]): Promise<void> {
    await this.leave(plans)
    const before: SourcePlan[] = []
    for (const [id, running] of this.#running) {
      const plan = plans.find((plan) => plan.id === id)
      if (plan !== undefined && identityOf(plan) === running.identity) continue
      before.push(running.plan)
      await this.#stop(id)
    }
    const failures: unknown[] = []
    for (const plan of plans) {
      if (this.#running.has(plan.id)) continue
      try {
        await this.#start(plan)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 0) return
    for (const plan of before) if (!this.#running.has(plan.id)) await this.#restart(plan)
    throw failures[0]
  }

  async #restart(plan: SourcePlan): Promise<void> {
    try {
      await this.#start(plan)
    } catch (err) {
      this.#log.error({ source: plan.id, err }, 'the source runs neither as it is now nor as it was; change it again')
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.#stop(id)))
  }

  addresses(): { id: string; type: string; address: string }[] {
    return [...this.#running.values()].map(({ plan, source }) => ({
      id: plan.id,
      type: plan.type,
      address: source.address(),
    }))
  }

  books(): SourceBooks[] {
    return [...this.#running.values()].map(({ plan, source, ledger }) =>
      ledger.snapshot(plan.id, plan.type, source.address(), source.lostBefore?.() ?? 0),
    )
  }

  async #start(plan: SourcePlan): Promise<void> {
    const definition = find(this.#registry.sources, plan.type)
    if (definition === undefined)
      throw new StreamgateError('SG_CONFIG_UNKNOWN_TYPE', `there is no source "${plan.type}"`)
    const slot = this.#keep.sourceSlot(plan.id)
    const ledger = this.#ledgers.get(plan.id) ?? new SourceLedger()
    this.#ledgers.set(plan.id, ledger)
    const door = new Door(this.#traffic, slot, plan.overflow, ledger, this.#clock)
    const source = definition.create(plan.options, {
      id: plan.id,
      intake: door,
      log: this.#log,
      clock: this.#clock,
      durable: plan.durable,
      listeners: this.#listeners,
      reject: (reason, records, bytes, signal = definition.signals?.[0] ?? 'logs') => {
        ledger.reject(reason, records, bytes)
        this.#traffic.countRejected(slot, records, bytes, signal)
      },
      carries: (signal) => pipelinesOf(this.#traffic.current, slot, signal).length > 0,
      gauge: (name, value) => {
        ledger[name] = value
      },
    })
    this.#traffic.doors.add(door)
    try {
      await source.start()
    } catch (error) {
      this.#traffic.doors.delete(door)
      throw error
    }
    this.#running.set(plan.id, { plan, identity: identityOf(plan), source, door, ledger })
  }

  async #stop(id: string): Promise<void> {
    const running = this.#running.get(id)
    if (running === undefined) return
    await running.source.stop()
    this.#running.delete(id)
    this.#traffic.doors.delete(running.door)
  }
}
