/**
 * The last known counters of gateways, in the store and, as long as nobody else has written them, in memory: they are
 * only read again when their revision has changed.
 */
import type { Tx } from '../store/database.ts'
import type { Baseline } from './baseline.ts'

/** Runs of a gateway that are remembered: late messages of the one before still count. */
export const RUNS_MAX = 3
/** Gateways whose counters are kept in memory. */
const CACHED_MAX = 20_000
const STORED_AT_ONCE = 200

export interface Run {
  org: string
  gateway: string
  startedAt: number
  seenAt: number
  revision: string
  state: Baseline
}

type Place = Pick<Run, 'org' | 'gateway'>

export class Baselines {
  readonly #dialect: 'sqlite' | 'postgres'
  /** By gateway, then by start. */
  readonly #cache = new Map<string, Map<number, Run>>()
  /** Of the transaction that runs: what it has found or made, and what it has to write. */
  #working = new Map<string, Map<number, Run>>()
  #changed = new Set<Run>()
  #stored = new Set<string>()

  constructor(dialect: 'sqlite' | 'postgres') {
    this.#dialect = dialect
  }

  /** Locks and reads what is known of these gateways. Before anything else in a transaction. */
  async load(tx: Tx, places: readonly Place[]): Promise<void> {
    this.rolledBack()
    for (const [org, gateways] of byOrg(places)) {
      let query = tx
        .selectFrom('series_baselines')
        .select(['gateway', 'started_at', 'seen_at', 'revision'])
        .where('org_id', '=', org)
        .where('gateway', 'in', gateways)
        .orderBy('gateway')
        .orderBy('started_at')
      // SQLite has one writer at a time anyway.
      if (this.#dialect === 'postgres') query = query.forUpdate()
      const missing: string[] = []
      for (const { gateway, started_at, seen_at, revision } of await query.execute()) {
        this.#stored.add(storedKey(org, gateway, started_at))
        const cached = this.#cache.get(placeKey(org, gateway))?.get(started_at)
        if (cached?.revision === revision) this.#put({ ...cached, seenAt: Math.max(seen_at, cached.seenAt) })
        else missing.push(gateway)
      }
      if (missing.length > 0) await this.#read(tx, org, missing)
    }
  }

  run(org: string, gateway: string, startedAt: number): Run | undefined {
    return this.#working.get(placeKey(org, gateway))?.get(startedAt)
  }

  /** The run that was heard last. */
  latest(org: string, gateway: string): Run | undefined {
    let latest: Run | undefined
    for (const run of this.#working.get(placeKey(org, gateway))?.values() ?? [])
      if (latest === undefined || run.seenAt > latest.seenAt) latest = run
    return latest
  }

  /** What is to be known from now on. */
  keep(run: Run): void {
    const before = this.run(run.org, run.gateway, run.startedAt)
    if (before !== undefined) this.#changed.delete(before)
    this.#put(run)
    this.#changed.add(run)
  }

  async store(tx: Tx): Promise<void> {
    const runs = [...this.#changed]
    const isStored = ({ org, gateway, startedAt }: Run) => this.#stored.has(storedKey(org, gateway, startedAt))
    // A new run is a plain insert: if another controller was faster, this transaction fails, and counts nothing twice.
    for (const known of [false, true]) {
      const some = runs.filter((run) => isStored(run) === known)
      for (let i = 0; i < some.length; i += STORED_AT_ONCE) {
        const insert = tx.insertInto('series_baselines').values(some.slice(i, i + STORED_AT_ONCE).map(toRow))
        await (known
          ? insert.onConflict((conflict) =>
              conflict.columns(['org_id', 'gateway', 'started_at']).doUpdateSet((eb) => ({
                seen_at: eb.ref('excluded.seen_at'),
                revision: eb.ref('excluded.revision'),
                state: eb.ref('excluded.state'),
              })),
            )
          : insert
        ).execute()
      }
    }
    for (const run of runs) if (!isStored(run)) await this.#forgetOldRuns(tx, run)
  }

  committed(): void {
    for (const [key, runs] of this.#working) {
      this.#cache.delete(key)
      this.#cache.set(key, runs)
      if (this.#cache.size > CACHED_MAX) this.#cache.delete(this.#cache.keys().next().value!)
    }
    this.rolledBack()
  }

  rolledBack(): void {
    this.#working = new Map()
    this.#changed = new Set()
    this.#stored = new Set()
  }

  async #read(tx: Tx, org: string, gateways: string[]): Promise<void> {
    const rows = await tx
      .selectFrom('series_baselines')
      .selectAll()
      .where('org_id', '=', org)
      .where('gateway', 'in', [...new Set(gateways)])
      .execute()
    for (const { gateway, started_at, seen_at, revision, state } of rows)
      this.#put({
        org,
        gateway,
        startedAt: started_at,
        seenAt: seen_at,
        revision,
        state: JSON.parse(state) as Baseline,
      })
  }

  async #forgetOldRuns(tx: Tx, { org, gateway }: Place): Promise<void> {
    const runs = this.#working.get(placeKey(org, gateway))!
    const old = [...runs.values()].sort((a, b) => b.seenAt - a.seenAt).slice(RUNS_MAX)
    for (const { startedAt } of old) {
      runs.delete(startedAt)
      await tx
        .deleteFrom('series_baselines')
        .where('org_id', '=', org)
        .where('gateway', '=', gateway)
        .where('started_at', '=', startedAt)
        .execute()
    }
  }

  #put(run: Run): void {
    const key = placeKey(run.org, run.gateway)
    const runs = this.#working.get(key) ?? new Map<number, Run>()
    runs.set(run.startedAt, run)
    this.#working.set(key, runs)
  }
}

function byOrg(places: readonly Place[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>()
  for (const { org, gateway } of places) {
    const gateways = found.get(org) ?? new Set()
    found.set(org, gateways.add(gateway))
  }
  return new Map([...found].map(([org, gateways]) => [org, [...gateways]]))
}

const placeKey = (org: string, gateway: string) => `${org}\0${gateway}`
const storedKey = (org: string, gateway: string, startedAt: number) => `${org}\0${gateway}\0${startedAt}`

function toRow({ org, gateway, startedAt, seenAt, revision, state }: Run) {
  return {
    org_id: org,
    gateway,
    started_at: startedAt,
    seen_at: seenAt,
    revision,
    state: JSON.stringify(state),
  }
}
