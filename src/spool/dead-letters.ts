/** Records that an output refused for good, with the reason: bounded for each output, to look at, send again, or drop. */
import type { Bytes } from '#std/bytes.ts'
import { viewOf } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'
import type { Archive } from './archive.ts'

export interface DeadLetter {
  id: number
  output: string
  /** Type of the output and name of its encoder: only such an output can send it. */
  kind: string
  /** Unix milliseconds. */
  at: number
  code: string
  message: string
  /** As it was encoded for the output. */
  bytes: Bytes
}

/** All that is given must hold. `after`: ids above it. */
export interface DeadLetterFilter {
  output?: string | undefined
  code?: string | undefined
  ids?: readonly number[] | undefined
  after?: number | undefined
}

const INSERT = 'INSERT INTO dead_letters (output, kind, at, code, message, bytes) VALUES (?, ?, ?, ?, ?, ?)'
const MESSAGE_CHARACTERS_MAX = 500
const ROW_OVERHEAD_BYTES = 100

export class DeadLetters {
  readonly #archive: Archive
  readonly #clock: Clock
  /** By output. */
  readonly #held = new Map<string, { records: number; bytes: number; bytesMax: number }>()
  /** Given up because there was no more room. */
  overwritten = 0

  constructor(archive: Archive, clock: Clock) {
    this.#archive = archive
    this.#clock = clock
    archive.onFlush(() => this.#trim())
  }

  /** Keeps up to `bytesMax` for this output, the oldest giving way. */
  limit(output: string, bytesMax: number): void {
    const held = this.#heldFor(output)
    held.bytesMax = bytesMax
    this.#trim()
  }

  /** Copies. Never throws. */
  add(output: string, kind: string, bytes: Bytes, code: string, message: string): void {
    const held = this.#heldFor(output)
    if (bytes.length + ROW_OVERHEAD_BYTES > held.bytesMax) return
    held.records++
    held.bytes += bytes.length + ROW_OVERHEAD_BYTES
    const row = [output, kind, this.#clock.wall(), code, message.slice(0, MESSAGE_CHARACTERS_MAX), copy(bytes)]
    this.#archive.insert(INSERT, row, bytes.length + ROW_OVERHEAD_BYTES)
  }

  held(output: string): { records: number; bytes: number } {
    const { records, bytes } = this.#heldFor(output)
    return { records, bytes }
  }

  /** Oldest first. */
  list(filter: DeadLetterFilter, limit: number): DeadLetter[] {
    this.#archive.flush()
    const { where, values } = conditionOf(filter)
    const rows = this.#archive
      .statement(`SELECT * FROM dead_letters ${where} ORDER BY id LIMIT ?`)
      .all(...values, limit) as unknown as (Omit<DeadLetter, 'bytes'> & { bytes: Uint8Array })[]
    return rows.map((row) => ({ ...row, bytes: viewOf(row.bytes) }))
  }

  /** The same without their bytes: how many each has. */
  heads(filter: DeadLetterFilter, limit: number): (Omit<DeadLetter, 'bytes'> & { bytes: number })[] {
    this.#archive.flush()
    const { where, values } = conditionOf(filter)
    const sql = `SELECT id, output, kind, at, code, message, length(bytes) AS bytes
      FROM dead_letters ${where} ORDER BY id LIMIT ?`
    return this.#archive.statement(sql).all(...values, limit) as unknown as ReturnType<DeadLetters['heads']>
  }

  /** How many there are for which the filter holds. */
  count(filter: DeadLetterFilter): number {
    this.#archive.flush()
    const { where, values } = conditionOf(filter)
    const sql = `SELECT count(*) AS records FROM dead_letters ${where}`
    return (this.#archive.statement(sql).get(...values) as { records: number }).records
  }

  /** The highest id that was given; 0 when there was none. */
  newest(): number {
    this.#archive.flush()
    const sql = 'SELECT coalesce(max(id), 0) AS id FROM dead_letters'
    return (this.#archive.statement(sql).get() as { id: number }).id
  }

  /** How many there are by output and code. */
  summary(): { output: string; code: string; records: number; bytes: number; oldest: number; newest: number }[] {
    this.#archive.flush()
    const sql = `SELECT output, code, count(*) AS records, sum(length(bytes)) AS bytes, min(at) AS oldest, max(at) AS newest
      FROM dead_letters GROUP BY output, code ORDER BY output, code`
    return this.#archive.statement(sql).all() as unknown as ReturnType<DeadLetters['summary']>
  }

  /** Removes those for which the filter holds. Returns how many that were. */
  remove(filter: DeadLetterFilter): number {
    this.#archive.flush()
    const { where, values } = conditionOf(filter)
    const { changes } = this.#archive.statement(`DELETE FROM dead_letters ${where}`).run(...values)
    this.#held.forEach((held, output) => {
      Object.assign(held, this.#count(output))
    })
    return Number(changes)
  }

  #heldFor(output: string) {
    let held = this.#held.get(output)
    if (held === undefined) {
      held = { ...this.#count(output), bytesMax: 0 }
      this.#held.set(output, held)
    }
    return held
  }

  #count(output: string): { records: number; bytes: number } {
    const sql =
      'SELECT count(*) AS records, coalesce(sum(length(bytes)), 0) AS bytes FROM dead_letters WHERE output = ?'
    const { records, bytes } = this.#archive.statement(sql).get(output) as { records: number; bytes: number }
    return { records, bytes: bytes + records * ROW_OVERHEAD_BYTES }
  }

  /** Gives up the oldest of those outputs that hold too much. */
  #trim(): void {
    for (const [output, held] of this.#held) {
      while (held.bytes > held.bytesMax && held.records > 0) {
        const share = Math.max(1, Math.ceil(held.records / 16))
        const sql =
          'DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE output = ? ORDER BY id LIMIT ?)'
        const { changes } = this.#archive.statement(sql).run(output, share)
        this.overwritten += Number(changes)
        Object.assign(held, this.#count(output))
        if (Number(changes) === 0) break
      }
    }
  }
}

function conditionOf({ output, code, ids, after }: DeadLetterFilter): { where: string; values: (string | number)[] } {
  const conditions: string[] = []
  const values: (string | number)[] = []
  if (output !== undefined) {
    conditions.push('output = ?')
    values.push(output)
  }
  if (code !== undefined) {
    conditions.push('code = ?')
    values.push(code)
  }
  if (after !== undefined) {
    conditions.push('id > ?')
    values.push(after)
  }
  if (ids !== undefined) {
    conditions.push('id IN (SELECT value FROM json_each(?))')
    values.push(JSON.stringify(ids))
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values }
}

function copy(bytes: Bytes): Uint8Array {
  return new Uint8Array(bytes)
}
