/** Gathers metric records for the intake, many to an entry. */
import { putMetricRecord } from '#codecs/metric/decoder.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { Intake } from '#component/source.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'

/** An entry of so many bytes goes to the intake; one series with all that hangs on it may still come on top. */
const ENTRY_BYTES_TARGET = 256 * 1024
const BYTES_MIN = 16 * 1024
const LENGTH_BYTES = 4
const ENTRY = { origin: 0, framing: 'metric_records' }

export class Points {
  readonly #intake: Pick<Intake, 'put'>
  readonly #writer = new MetricWriter()
  #bytes: Bytes = allocate(BYTES_MIN)
  #used = 0

  constructor(intake: Pick<Intake, 'put'>) {
    this.#intake = intake
  }

  get isFull(): boolean {
    return this.#used >= ENTRY_BYTES_TARGET
  }

  /** To write one record to; then `end`. */
  begin(): MetricWriter {
    this.#writer.begin()
    return this.#writer
  }

  end(): void {
    const { bytes, at } = this.#writer
    const needed = this.#used + LENGTH_BYTES + at
    if (needed > this.#bytes.length) {
      const grown = allocate(Math.max(needed, 2 * this.#bytes.length))
      copyBytes(this.#bytes, 0, this.#used, grown, 0)
      this.#bytes = grown
    }
    this.#used = putMetricRecord(bytes, 0, at, this.#bytes, this.#used)
  }

  /** False: the intake has no room; what was gathered stays. */
  put(): boolean {
    if (this.#used === 0) return true
    if (!this.#intake.put(ENTRY, null, this.#bytes, 0, this.#used)) return false
    this.#used = 0
    return true
  }
}
