/**
 * What rules dropped, as it would have gone out: redacted. A bounded reservoir for each rule, to look at and to send after
 * all. Rows hold many records, as they were dropped together.
 */
import { type Bytes, viewOf } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'
import type { Archive } from './archive.ts'

export interface Reservoir {
  bytesMax: number
  ageMsMax: number
}

/** Records that one rule dropped at once: record i ends at `ends[i]`, its newline included. */
export interface DroppedRecords {
  id: number
  pipeline: string
  rule: string
  at: number
  records: number
  ends: Int32Array
  bytes: Bytes
}

export interface DroppedFilter {
  pipeline?: string | undefined
  rule?: string | undefined
  /** Unix milliseconds. */
  since?: number | undefined
  after?: number | undefined
  /** Ids up to this one. */
  upTo?: number | undefined
}

const INSERT = 'INSERT INTO dropped (pipeline, rule, at, records, ends, bytes) VALUES (?, ?, ?, ?, ?, ?)'
/** Between looks for what is too old. */
const AGE_LOOK_MS = 60_000

interface Held extends Reservoir {
  pipeline: string
  rule: string
  bytes: number
}

export class Dropped {
  readonly #archive: Archive
  readonly #clock: Clock
  readonly #held = new Map<string, Held>()
  #lookedAt = 0

  constructor(archive: Archive, clock: Clock) {
    this.#archive = archive
    this.#clock = clock
    archive.onFlush(() => this.#trim())
  }

  /** Keeps records of a rule within the reservoir's bounds. Copies. `ends` count from the first byte. Never throws. */
  add(pipeline: string, rule: string, reservoir: Reservoir, bytes: Bytes, ends: Int32Array): void {
    const held = this.#heldFor(pipeline, rule)
    held.bytesMax = reservoir.bytesMax
    held.ageMsMax = reservoir.ageMsMax
    const size = bytes.length + ends.byteLength
    if (size > held.bytesMax) return
    held.bytes += size
    const row = [
      pipeline,
      rule,
      this.#clock.wall(),
      ends.length,
      new Uint8Array(ends.slice().buffer),
      new Uint8Array(bytes),
    ]
    this.#archive.insert(INSERT, row, size)
  }

  /** Newest first: what was dropped last is what one looks for. */
  list(filter: DroppedFilter, limit: number, oldestFirst = false): DroppedRecords[] {
    this.#archive.flush()
    this.#expire()
    const { where, values } = conditionOf(filter)
    const rows = this.#archive
      .statement(`SELECT * FROM dropped ${where} ORDER BY id ${oldestFirst ? 'ASC' : 'DESC'} LIMIT ?`)
      .all(...values, limit) as unknown as (Omit<DroppedRecords, 'ends' | 'bytes'> & {
      ends: Uint8Array
      bytes: Uint8Array
    })[]
    return rows.map((row) => ({
      ...row,
      ends: new Int32Array(row.ends.slice().buffer),
      bytes: viewOf(row.bytes),
    }))
  }

  summary(): { pipeline: string; rule: string; records: number; bytes: number; oldest: number; newest: number }[] {
    this.#archive.flush()
    this.#expire()
    const sql = `SELECT pipeline, rule, sum(records) AS records, sum(length(bytes)) AS bytes, min(at) AS oldest, max(at) AS newest
      FROM dropped GROUP BY pipeline, rule ORDER BY pipeline, rule`
    return this.#archive.statement(sql).all() as unknown as ReturnType<Dropped['summary']>
  }

  /** How many records there are for which the filter holds. */
  count(filter: DroppedFilter): number {
    this.#archive.flush()
    this.#expire()
    const { where, values } = conditionOf(filter)
    const sql = `SELECT coalesce(sum(records), 0) AS records FROM dropped ${where}`
    return (this.#archive.statement(sql).get(...values) as { records: number }).records
  }

  /** Removes one row, after it was sent. */
  remove(id: number): void {
    this.#archive.statement('DELETE FROM dropped WHERE id = ?').run(id)
    for (const held of this.#held.values()) held.bytes = this.#count(held.pipeline, held.rule)
  }

  #heldFor(pipeline: string, rule: string): Held {
    const key = `${pipeline}\n${rule}`
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { pipeline, rule, bytesMax: 0, ageMsMax: 0, bytes: this.#count(pipeline, rule) }
      this.#held.set(key, held)
    }
    return held
  }

  #count(pipeline: string, rule: string): number {
    const sql =
      'SELECT coalesce(sum(length(bytes) + length(ends)), 0) AS bytes FROM dropped WHERE pipeline = ? AND rule = ?'
    return (this.#archive.statement(sql).get(pipeline, rule) as { bytes: number }).bytes
  }

  #trim(): void {
    if (this.#clock.now() - this.#lookedAt > AGE_LOOK_MS) this.#expire()
    for (const held of this.#held.values()) {
      while (held.bytes > held.bytesMax) {
        // The oldest sixteenth, so that this is not asked for each row.
        const sql = `DELETE FROM dropped WHERE id IN (SELECT id FROM dropped WHERE pipeline = ?1 AND rule = ?2 ORDER BY id
          LIMIT (SELECT max(1, count(*) / 16) FROM dropped WHERE pipeline = ?1 AND rule = ?2))`
        const { changes } = this.#archive.statement(sql).run(held.pipeline, held.rule)
        held.bytes = this.#count(held.pipeline, held.rule)
        if (Number(changes) === 0) break
      }
    }
  }

  #expire(): void {
    this.#lookedAt = this.#clock.now()
    const sql = 'DELETE FROM dropped WHERE pipeline = ? AND rule = ? AND at < ?'
    for (const { pipeline, rule, ageMsMax } of this.#held.values()) {
      this.#archive.statement(sql).run(pipeline, rule, this.#clock.wall() - ageMsMax)
    }
  }
}

function conditionOf({ pipeline, rule, since, after, upTo }: DroppedFilter) {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const add = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  add('pipeline = ?', pipeline)
  add('rule = ?', rule)
  add('at >= ?', since)
  add('id > ?', after)
  add('id <= ?', upTo)
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values }
}
