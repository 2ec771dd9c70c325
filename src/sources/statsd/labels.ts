/** Labels of a series from a name and the tags of DogStatsD, as bytes of a metric record: sorted, no name twice. */
import { HEADER_BYTES, Kind, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { type Bytes, fromText, isUtf8, utf8 } from '#std/bytes.ts'

const COMMA = 0x2c
const COLON = 0x3a

export class LabelsOf {
  readonly #writer = new MetricWriter()
  /** Where the last ones stand. */
  bytes!: Bytes
  from = 0
  to = 0

  /**
   * Makes them of a name and of tags `key[:value]` with commas between. A tag without a value is a label with none; of
   * two with the same key the first counts. What is not UTF-8 is made so with U+FFFD: labels are text everywhere.
   */
  make(name: Bytes, nameFrom: number, nameTo: number, tags: Bytes, tagsFrom: number, tagsTo: number): void {
    if (!isUtf8(name, nameFrom, nameTo)) {
      const repaired = fromText(utf8(name, nameFrom, nameTo))
      this.make(repaired, 0, repaired.length, tags, tagsFrom, tagsTo)
      return
    }
    if (tagsTo > tagsFrom && !isUtf8(tags, tagsFrom, tagsTo)) {
      const repaired = fromText(utf8(tags, tagsFrom, tagsTo))
      this.make(name, nameFrom, nameTo, repaired, 0, repaired.length)
      return
    }
    const writer = this.#writer
    writer.begin()
    writer.start(Kind.gauge, Temporality.NONE, 0)
    writer.name(name, nameFrom, nameTo)
    for (let at = tagsFrom; at < tagsTo; at++) {
      const from = at
      let colon = -1
      for (; at < tagsTo && tags[at] !== COMMA; at++) if (tags[at] === COLON && colon === -1) colon = at
      const keyTo = colon === -1 ? at : colon
      if (keyTo > from) writer.label(tags, from, keyTo, tags, colon === -1 ? at : colon + 1, at)
    }
    writer.end()
    this.bytes = writer.bytes
    this.from = HEADER_BYTES
    this.to = writer.at
  }
}
