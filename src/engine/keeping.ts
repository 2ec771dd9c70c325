/** What a node has kept beside the way, as its operator sees it: dead letters and dropped records, listed and sent again. */

import type { Registry } from '#component/registry.ts'
import type {
  DeadLetterSelection,
  DroppedSelection,
  ListedDeadLetter,
  ListedDroppedFilter,
  ListedDroppedRecord,
  Replayed,
} from '#contract/kept.ts'
import { Archive } from '#spool/archive.ts'
import { type DeadLetter, type DeadLetterFilter, DeadLetters } from '#spool/dead-letters.ts'
import { Dropped } from '#spool/dropped.ts'
import { type Bytes, isUtf8, NEWLINE } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'
import { Decoders } from './decoders.ts'
import type { Delivery } from './delivery.ts'
import { Bypass } from './raw.ts'
import type { Traffic } from './traffic.ts'

const ARCHIVE_FILE = 'kept.db'
/** Read and sent at once, before others have their turn. */
const CHUNK_LETTERS = 500
const CHUNK_DROPS = 8
const BLOCKED = 'the output has no room for more now; try again later'

export class Keeping {
  readonly #archive: Archive
  readonly deadLetters: DeadLetters
  readonly dropped: Dropped
  readonly #bypass: Bypass

  constructor(directory: string, registry: Registry, clock: Clock) {
    this.#bypass = new Bypass(new Decoders(registry))
    this.#archive = new Archive(`${directory}/${ARCHIVE_FILE}`, clock)
    this.deadLetters = new DeadLetters(this.#archive, clock)
    this.dropped = new Dropped(this.#archive, clock)
  }

  /** Rejects when the database cannot be used. */
  open(): Promise<void> {
    return this.#archive.open()
  }

  get isOpen(): boolean {
    return this.#archive.isOpen
  }

  /** Rows that could not be kept, dead letters that gave way, and what the database says while it fails. */
  get trouble(): { lost: number; overwritten: number; failure: string | null } {
    return {
      lost: this.#archive.lost,
      overwritten: this.deadLetters.overwritten,
      failure: this.#archive.failure ?? null,
    }
  }

  close(): void {
    this.#archive.close()
  }

  /** `whole`: with their contents. */
  listDeadLetters(filter: DeadLetterFilter, limit: number, whole: boolean): ListedDeadLetter[] {
    if (!whole) return this.deadLetters.heads(filter, limit)
    return this.deadLetters
      .list(filter, limit)
      .map(({ bytes, ...letter }) => ({ ...letter, bytes: bytes.length, ...contentOf(bytes) }))
  }

  /** Newest first. `before`: an id that was listed; only what comes behind it. */
  listDropped({ pipeline, rule, before }: ListedDroppedFilter, limit: number): ListedDroppedRecord[] {
    const listed: ListedDroppedRecord[] = []
    let [upTo, end] = before === undefined ? [] : before.split('.').map(Number)
    while (listed.length < limit) {
      const rows = this.dropped.list({ pipeline, rule, upTo }, CHUNK_DROPS)
      for (const { id, pipeline, rule, at, records, ends, bytes } of rows) {
        for (let i = Math.min(id === upTo ? (end ?? records) : records, records) - 1; i >= 0; i--) {
          if (listed.length === limit) return listed
          const record = bytes.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]! - 1)
          listed.push({ id: `${id}.${i}`, pipeline, rule, at, ...contentOf(record) })
        }
      }
      if (rows.length < CHUNK_DROPS) break
      upTo = rows.at(-1)!.id - 1
      end = undefined
    }
    return listed
  }

  /** Hands dead letters to their outputs again, oldest first. Those that are taken over are dead letters no more. */
  async replayDeadLetters(selection: DeadLetterSelection, traffic: Traffic): Promise<Replayed> {
    const { output, code, ids } = selection
    const result: Replayed = { replayed: 0, skipped: 0 }
    let after = 0
    // What is refused again comes behind these, and must not be sent for ever.
    const last = this.deadLetters.newest()
    for (;;) {
      const letters = this.deadLetters.list({ output, code, ids, after }, CHUNK_LETTERS).filter(({ id }) => id <= last)
      if (letters.length === 0) break
      after = letters.at(-1)!.id
      for (const [id, group] of Map.groupBy(letters, (letter) => letter.output)) {
        this.#replayTo(traffic.current.deliveries.get(id), group, result)
      }
      await turn()
    }
    return result
  }

  #replayTo(delivery: Delivery | undefined, letters: DeadLetter[], result: Replayed): void {
    const fitting = letters.filter(({ kind }) => delivery?.kind === kind)
    let taken = 0
    if (delivery !== undefined && fitting.length > 0) {
      let end = 0
      const ends = Int32Array.from(fitting, ({ bytes }) => (end += bytes.length))
      const memory = Buffer.concat(fitting.map(({ bytes }) => bytes))
      taken = delivery.accept({ memory, from: 0, records: fitting.length, ends, firstEnd: 0 }, 0, false, 'replayed')
      this.deadLetters.remove({ ids: fitting.slice(0, taken).map(({ id }) => id) })
      delivery.flush()
    }
    result.replayed += taken
    result.skipped += letters.length - taken
    if (taken < fitting.length) result.reason = BLOCKED
    else if (fitting.length < letters.length) {
      const { output, kind } = letters.find((letter) => !fitting.includes(letter))!
      result.reason =
        delivery === undefined
          ? `there is no output "${output}" now`
          : `they were encoded for ${kind}, and output "${output}" is ${delivery.kind} now`
    }
  }

  /** Sends what a rule dropped to the outputs of its pipeline after all, past the rules: oldest first. */
  async replayDropped({ pipeline, rule, since }: DroppedSelection, traffic: Traffic): Promise<Replayed> {
    const result: Replayed = { replayed: 0, skipped: 0 }
    let after = 0
    for (;;) {
      const drops = this.dropped.list({ pipeline, rule, since, after }, CHUNK_DROPS, true)
      if (drops.length === 0) break
      for (const drop of drops) {
        after = drop.id
        const runtime = traffic.current.pipelines.find((known) => known?.plan.id === drop.pipeline)
        if (runtime === undefined) {
          result.skipped += drop.records
          result.reason = `there is no pipeline "${drop.pipeline}" now`
          continue
        }
        if (runtime.routes.some((route) => route.some((delivery) => delivery.blocked))) {
          return { ...result, skipped: result.skipped + drop.records, reason: BLOCKED }
        }
        this.#bypass.replay(drop, runtime)
        this.dropped.remove(drop.id)
        result.replayed += drop.records
      }
      for (const delivery of traffic.current.deliveries.values()) delivery.flush()
      await turn()
    }
    return result
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function contentOf(bytes: Bytes): { text: string } | { base64: string } {
  if (!isUtf8(bytes, 0, bytes.length)) return { base64: bytes.toString('base64') }
  const end = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length
  return { text: bytes.toString('utf8', 0, end) }
}
