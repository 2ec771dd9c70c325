/**
 * The samples of what pipelines took in during the last minutes, on the wire's side. Each engine takes a uniform sample of what
 * came through it (`pipeline-sample.ts`) and says which record stands in which slot now; here the slots are kept, and put together
 * when somebody asks. Records are here as they may be shown: what must not leave was taken out before they left the engine.
 */
import type { EngineRegistry } from '#component/registry.ts'
import type { ObservedRecord, SampleWindow } from '#contract/observation.ts'
import type { Clock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import type { Program, SampleReport } from './messages.ts'
import { RESERVOIR_RECORDS_MAX, WINDOW_MS } from './pipeline-sample.ts'
import { lengthOf } from './portrait.ts'
import { protecting, protectionOf } from './protection.ts'

/** Windows that are kept, the one that is open included. */
export const RESERVOIR_WINDOWS_MAX = 10
/** Characters of records that are kept of one pipeline. With more, windows get smaller samples, each still uniform. */
export const RESERVOIR_LENGTH_MAX = 1024 * 1024
/** Samples that one window is put together from. More only come when engines are replaced all the time; they are left out. */
const PARTS_MAX = 64

export interface ReservoirLimits {
  windowsMax: number
  lengthMax: number
}

/** The sample of one engine: `slots[i]` is null where the record may not be shown, a hole where none is. */
interface Part {
  seen: { records: number; bytes: number }
  slots: (ObservedRecord | null | undefined)[]
  /** Slots given up for want of room. Chosen by chance, so that the others stay a uniform sample. */
  closed: Set<number>
  length: number
}

interface Pipeline {
  /** What engines say under older programs was not protected as it is now. */
  epoch: number
  protectedBy: Set<string>
  /** By beginning. */
  windows: Map<number, Map<string, Part>>
  length: number
}

export class Reservoir {
  readonly #clock: Clock
  readonly #registry: Pick<EngineRegistry, 'processors'>
  readonly #random: () => number
  readonly #limits: ReservoirLimits
  readonly #pipelines = new Map<string, Pipeline>()

  constructor(
    clock: Clock,
    registry: Pick<EngineRegistry, 'processors'>,
    random: () => number = Math.random,
    limits: ReservoirLimits = { windowsMax: RESERVOIR_WINDOWS_MAX, lengthMax: RESERVOIR_LENGTH_MAX },
  ) {
    this.#clock = clock
    this.#registry = registry
    this.#random = random
    this.#limits = limits
  }

  /** This program runs from now on. What some rule of it would have to be taken out of is forgotten. */
  use({ epoch, pipelines }: Program): void {
    const ids = new Set(pipelines.map(({ id }) => id))
    for (const id of this.#pipelines.keys()) if (!ids.has(id)) this.#pipelines.delete(id)
    for (const { id, processors } of pipelines) {
      const protectedBy = new Set(protecting(processors, this.#registry).map(protectionOf))
      const known = this.#pipelines.get(id)
      if (known !== undefined && protectedBy.isSubsetOf(known.protectedBy)) known.protectedBy = protectedBy
      else this.#pipelines.set(id, { epoch, protectedBy, windows: new Map(), length: 0 })
    }
  }

  /** What an engine says that runs the program with this epoch. */
  take(epoch: number, reports: readonly SampleReport[]): void {
    for (const report of reports) {
      const pipeline = this.#pipelines.get(report.pipeline)
      if (pipeline === undefined || epoch < pipeline.epoch) continue
      const part = this.#partOf(pipeline, report)
      if (part === undefined) continue
      part.seen = report.seen
      for (const { slot, record } of report.picks) if (!part.closed.has(slot)) put(pipeline, part, slot, record)
      while (pipeline.length > this.#limits.lengthMax) this.#thin(pipeline)
    }
  }

  /** By pipeline and time. */
  samples(): SampleWindow[] {
    const now = this.#clock.wall()
    return [...this.#pipelines].flatMap(([id, pipeline]) => {
      this.#expire(pipeline)
      return [...pipeline.windows]
        .sort(([a], [b]) => a - b)
        .map(([from, parts]) => ({
          pipeline: id,
          from,
          to: Math.max(from, Math.min(from + WINDOW_MS, now)),
          seen: seenBy(parts),
          records: merged([...parts.values()], from),
        }))
    })
  }

  #partOf(pipeline: Pipeline, { window, part }: SampleReport): Part | undefined {
    const isNew = !pipeline.windows.has(window)
    const parts = pipeline.windows.get(window) ?? new Map<string, Part>()
    const known = parts.get(part)
    if (known !== undefined) return known
    if (parts.size >= PARTS_MAX) return undefined
    const created: Part = { seen: { records: 0, bytes: 0 }, slots: [], closed: new Set(), length: 0 }
    parts.set(part, created)
    pipeline.windows.set(window, parts)
    if (isNew) this.#expire(pipeline)
    return pipeline.windows.has(window) ? created : undefined
  }

  /** Forgets windows that are too old, and the oldest of too many, as there may be where the clock was set. */
  #expire(pipeline: Pipeline): void {
    const { windowsMax } = this.#limits
    const oldest = this.#clock.wall() - windowsMax * WINDOW_MS
    const windows = [...pipeline.windows.keys()].sort((a, b) => b - a)
    windows.forEach((window, age) => {
      if (window > oldest && age < windowsMax) return
      for (const part of pipeline.windows.get(window)!.values()) pipeline.length -= part.length
      pipeline.windows.delete(window)
    })
  }

  /** Gives up one slot of the part that has most. */
  #thin(pipeline: Pipeline): void {
    let largest: Part | undefined
    for (const parts of pipeline.windows.values()) {
      for (const part of parts.values()) if (largest === undefined || part.length > largest.length) largest = part
    }
    const { closed } = largest!
    let left = Math.floor(this.#random() * (RESERVOIR_RECORDS_MAX - closed.size))
    let slot = 0
    while (closed.has(slot) || left-- > 0) slot++
    put(pipeline, largest!, slot, undefined)
    closed.add(slot)
  }
}

function put(pipeline: Pipeline, part: Part, slot: number, record: ObservedRecord | null | undefined): void {
  const more = weightOf(record) - weightOf(part.slots[slot])
  part.length += more
  pipeline.length += more
  // A record that nothing has changed has its text once.
  if (record?.after != null && record.after.text === record.before.text) record.after = record.before
  part.slots[slot] = record
}

function weightOf(record: ObservedRecord | null | undefined): number {
  if (record == null) return 0
  const { before, after } = record
  const isSame = after === null || after === before || (after.text !== undefined && after.text === before.text)
  return lengthOf(before) + (isSame ? 0 : lengthOf(after))
}

function seenBy(parts: Map<string, Part>): { records: number; bytes: number } {
  const seen = { records: 0, bytes: 0 }
  for (const part of parts.values()) {
    seen.records += part.seen.records
    seen.bytes += part.seen.bytes
  }
  return seen
}

/**
 * One sample of several, in which every record stands for as many as every other: from each part the share that the part with the
 * smallest share can give, chosen by chance. The same for the same parts.
 */
function merged(parts: readonly Part[], seed: number): ObservedRecord[] {
  const random = randomFrom(seed / WINDOW_MS)
  const samples = parts.flatMap(({ slots, seen }) => {
    const records = slots.filter((record) => record != null)
    return records.length === 0 ? [] : [{ records, seen: Math.max(seen.records, records.length) }]
  })
  const share = Math.min(...samples.map(({ records, seen }) => records.length / seen))
  return samples.flatMap(({ records, seen }) => chosen(records, Math.floor(share * seen + random()), random))
}

/** `count` of them, or all. */
function chosen<Item>(items: Item[], count: number, random: () => number): Item[] {
  if (count >= items.length) return items
  const rest = items.slice()
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(random() * (rest.length - i))
    const item = rest[i]!
    rest[i] = rest[other]!
    rest[other] = item
  }
  return rest.slice(0, count)
}
