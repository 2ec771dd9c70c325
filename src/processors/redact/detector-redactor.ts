/** Replaces what a detector finds. */

import type { Detector } from '#codecs/sensitive/detector.ts'
import type { Processor } from '#component/processor.ts'
import { type Bytes, fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'

export class DetectorRedactor implements Processor {
  readonly #detector: Detector
  readonly #replacement: Bytes

  constructor(detector: Detector, replacement: string) {
    this.#detector = detector
    this.#replacement = fromText(replacement)
  }

  process(block: Block): void {
    const text = block.text()
    const { from, starts, ends, selection, count } = block
    let record = 0
    let at = this.#detector.next(text, 0)
    while (at !== undefined) {
      record = block.recordAt(at.from + from, record)
      if (record === count) break
      // Detectors take no line ends, so a find lies in one record unless it is in a separator.
      if (at.from + from >= starts[record]! && at.to + from <= ends[record]! && selection[record] === 1) {
        block.edit(at.from + from, at.to + from, this.#replacement)
      }
      at = this.#detector.next(text, at.to)
    }
    block.commitEdits()
  }
}
