/**
 * Writes what messages change. A change of state goes to the store at once, together with all that have come while the
 * transaction before was under way; that a gateway was seen is noted once a second for all of them.
 */
import type { Logger } from '#observe/log.ts'
import type { Clock, Timer } from '#std/clock.ts'
import type { Db } from '../store/database.ts'
import type { Gateway } from './gateway.ts'
import { keyOf, type Save, saveGateways, saveGone, saveSeen } from './gateway-store.ts'

const SEEN_MS = 1000
/** After the store has failed. */
const RETRY_MS = 1000
/** Of one transaction. */
const SAVES_MAX = 1000

export class FleetWriter {
  readonly #db: Db
  readonly #clock: Clock
  readonly #log: Logger
  #saves = new Map<string, Save>()
  #seen = new Map<string, Gateway>()
  /** As they were when they left. */
  #gone = new Map<string, Gateway>()
  /** In the transaction that is under way. */
  #underWay = new Set<string>()
  #running: Promise<void> | undefined
  #timer: Timer | undefined
  #failing = false
  #closed = false

  constructor({ db, clock, log }: { db: Db; clock: Clock; log: Logger }) {
    this.#db = db
    this.#clock = clock
    this.#log = log
  }

  save(save: Save): void {
    const key = keyOf(save.gateway)
    const before = this.#saves.get(key)
    this.#saves.set(key, before === undefined ? save : merged(before, save))
    this.#seen.delete(key)
    if (!this.#failing) this.#run()
  }

  seen(gateway: Gateway): void {
    const key = keyOf(gateway)
    const save = this.#saves.get(key)
    if (save !== undefined) save.gateway = gateway
    else this.#seen.set(key, gateway)
    this.#timer ??= this.#clock.after(SEEN_MS, () => this.#tick())
  }

  /** It has left; `gateway` is as it was before. */
  gone(gateway: Gateway): void {
    const key = keyOf(gateway)
    this.#seen.delete(key)
    this.#gone.set(key, gateway)
    if (!this.#failing) this.#run()
  }

  forget(org: string, uid: string): void {
    this.#saves.delete(keyOf({ org, uid }))
    this.#gone.delete(keyOf({ org, uid }))
    this.#seen.delete(keyOf({ org, uid }))
  }

  /** Waits for what is not in the store yet of this gateway. */
  async settled(org: string, uid: string): Promise<void> {
    const key = keyOf({ org, uid })
    if (this.#saves.has(key) || this.#gone.has(key) || this.#underWay.has(key)) await this.flush()
  }

  /** Resolves when all that was given so far is in the store, or could not be. */
  async flush(): Promise<void> {
    // The transaction that is under way, and as many as what waits takes; what comes meanwhile is not waited for.
    const waiting = Math.max(Math.ceil(this.#saves.size / SAVES_MAX), Math.min(this.#gone.size, 1))
    let rounds = waiting + (this.#running === undefined ? 0 : 1)
    for (; rounds > 0; rounds--) {
      this.#run()
      await this.#running
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#running
    await this.#write(true)
  }

  #tick(): void {
    this.#timer = undefined
    this.#run(true)
  }

  #run(withSeen = false): void {
    if (this.#running !== undefined) {
      if (withSeen) this.#timer ??= this.#clock.after(SEEN_MS, () => this.#tick())
      return
    }
    if (this.#closed) return
    this.#running = this.#write(withSeen).finally(() => {
      this.#running = undefined
      if (this.#saves.size + this.#gone.size > 0 && !this.#failing) this.#run()
    })
  }

  async #write(withSeen: boolean): Promise<void> {
    // What arrives in the same turn of the event loop goes with it: messages of many agents, and one wait for the disk.
    await new Promise((resolve) => setImmediate(resolve))
    const saves = [...this.#saves.values()].slice(0, SAVES_MAX)
    for (const { gateway } of saves) this.#saves.delete(keyOf(gateway))
    // Whoever left is noted behind all that was changed before.
    const gone = this.#saves.size === 0 ? [...this.#gone.values()] : []
    if (this.#saves.size === 0) this.#gone = new Map()
    this.#underWay = new Set([...saves.map(({ gateway }) => gateway), ...gone].map(keyOf))
    const seen = withSeen ? [...this.#seen.values()] : []
    if (withSeen) this.#seen = new Map()
    try {
      if (saves.length > 0) await saveGateways(this.#db, saves)
      if (gone.length > 0) await saveGone(this.#db, gone)
      if (seen.length > 0) await saveSeen(this.#db, seen)
      this.#failing = false
      this.#underWay.clear()
    } catch (error) {
      if (!this.#failing) this.#log.error({ error: String(error) }, 'cannot keep what gateways say; trying again')
      this.#failing = true
      this.#underWay.clear()
      for (const gateway of gone) if (!this.#gone.has(keyOf(gateway))) this.#gone.set(keyOf(gateway), gateway)
      // What has come since is newer.
      for (const save of saves) {
        const newer = this.#saves.get(keyOf(save.gateway))
        this.#saves.set(keyOf(save.gateway), newer === undefined ? save : merged(save, newer))
      }
      this.#timer?.cancel()
      this.#timer = this.#closed ? undefined : this.#clock.after(RETRY_MS, () => this.#tick())
    }
  }
}

function merged(before: Save, save: Save): Save {
  const changed = new Set([...before.changed, ...save.changed])
  const removed = new Set([...before.removed, ...save.removed])
  for (const hash of save.changed) removed.delete(hash)
  return {
    gateway: save.gateway,
    attempts: save.attempts,
    changed,
    removed,
    reports: { ...before.reports, ...save.reports },
    labels: save.labels,
    restartSent: save.restartSent ?? before.restartSent,
  }
}
