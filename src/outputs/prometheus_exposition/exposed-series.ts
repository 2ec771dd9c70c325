/**
 * The series that are exposed: the last value of each, and the text that it stands behind. What tells a difference is
 * added up.
 *
 * A series takes its text and about 80 bytes.
 */
import { FRAME_BYTES, FrameFlag } from '#codecs/exposition/encoder.ts'
import { refusals } from '#codecs/remote_write/expand.ts'
import type { Batch, Refusal } from '#component/output.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import { SeriesTable } from '../series-table.ts'

/** One character per byte. */
export interface Family {
  id: number
  name: string
  /** Index of `familyTypes`. */
  type: number
  unit: string
  help: string
  series: number
}

export class ExposedSeries {
  readonly table: SeriesTable
  readonly families = new Map<string, Family>()
  values = new Float64Array(0)
  /** Unix milliseconds; 0: unknown. */
  times = new Float64Array(0)
  /** Id of the family; -1: nobody's slot. */
  familyOf = new Int32Array(0)
  readonly exemplars = new Map<number, string>()
  /** When each was told of last, on the monotonic clock. */
  #seen = new Float64Array(0)
  readonly #byId = new Map<number, Family>()
  #lastId = 0

  constructor(seriesMax: number) {
    this.table = new SeriesTable(
      seriesMax,
      (slots) => this.#grow(slots),
      (slot) => this.#forgotten(slot),
    )
  }

  /** Takes in a batch. Returns the records that cannot be exposed. */
  take({ bytes, ends, records }: Batch, now: number): Refusal[] {
    const refused: Refusal[] = []
    for (let i = 0; i < records; i++) {
      const to = ends[i]!
      let at = i === 0 ? 0 : ends[i - 1]!
      while (at + FRAME_BYTES <= to) {
        if ((bytes[at]! & FrameFlag.REFUSED) !== 0) {
          const [code, message] = refusals[bytes[at + 1]!] ?? refusals[2]
          refused.push({ record: i, code, message })
          break
        }
        at = this.#frame(bytes, at, now)
      }
    }
    return refused
  }

  /** Forgets what has not been told of since `before`. */
  expire(before: number): void {
    const { table } = this
    for (let slot = table.oldest; slot !== -1 && this.#seen[slot]! < before; slot = table.oldest) table.forget(slot)
  }

  #frame(bytes: Bytes, at: number, now: number): number {
    const flags = bytes[at]!
    const key = at + FRAME_BYTES
    const unit = key + bytes.readUInt32LE(at + 4)
    const help = unit + bytes.readUInt16LE(at + 8)
    const exemplar = help + bytes.readUInt16LE(at + 10)
    const end = exemplar + bytes.readUInt16LE(at + 12)
    if ((flags & FrameFlag.STALE) !== 0) {
      const slot = this.table.find(bytes, key, unit)
      if (slot !== -1) this.table.forget(slot)
      return end
    }
    const slot = this.table.take(bytes, key, unit)
    const value = bytes.readDoubleLE(at + 16)
    if (this.table.isNew) this.#join(slot, bytes, at, { key, unit, help, exemplar })
    this.values[slot] = (flags & FrameFlag.DELTA) !== 0 ? this.values[slot]! + value : value
    this.times[slot] = bytes.readDoubleLE(at + 24)
    this.#seen[slot] = now
    if (end > exemplar) this.exemplars.set(slot, latin1(bytes, exemplar, end))
    return end
  }

  #join(
    slot: number,
    bytes: Bytes,
    at: number,
    places: { key: number; unit: number; help: number; exemplar: number },
  ): void {
    const { key, unit, help, exemplar } = places
    const name = latin1(bytes, key, key + bytes.readUInt16LE(at + 2))
    let family = this.families.get(name)
    if (family === undefined) {
      const type = bytes[at + 1]!
      family = { id: this.#lastId++, name, type, unit: '', help: '', series: 0 }
      this.families.set(name, family)
      this.#byId.set(family.id, family)
    }
    if (family.help === '' && exemplar > help) family.help = latin1(bytes, help, exemplar)
    if (family.unit === '' && help > unit) family.unit = latin1(bytes, unit, help)
    if (family.type === 0) family.type = bytes[at + 1]!
    family.series++
    this.familyOf[slot] = family.id
    this.values[slot] = 0
  }

  #forgotten(slot: number): void {
    const family = this.#byId.get(this.familyOf[slot]!)
    this.familyOf[slot] = -1
    this.exemplars.delete(slot)
    if (family === undefined || --family.series > 0) return
    this.families.delete(family.name)
    this.#byId.delete(family.id)
  }

  #grow(slots: number): void {
    this.values = grown(this.values, slots)
    this.times = grown(this.times, slots)
    this.#seen = grown(this.#seen, slots)
    const families = new Int32Array(slots).fill(-1)
    families.set(this.familyOf)
    this.familyOf = families
  }
}

function grown(array: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size)
  larger.set(array)
  return larger
}
