/**
 * Memory of bodies that are gone, for those to come. Memory of its own for each of many large bodies has the collector
 * run all the time: it goes by the bytes that lie outside of its heap.
 */
import { allocate, type Bytes } from '#std/bytes.ts'

/** What is kept at most, in number and in size of each. */
const SPARES_MAX = 8
const SPARE_BYTES_MAX = 1024 * 1024
/** Sizes are rounded up to this, so that what one body leaves fits the next. */
const STEP_BYTES = 64 * 1024
/** A spare that is larger than what is asked for by more than this waits for something larger. */
const WASTE_MAX = 4

const spares: Bytes[] = []

/** At least `bytes`; what stands in it is of no meaning. */
export function borrowMemory(bytes: number): Bytes {
  if (bytes > SPARE_BYTES_MAX) return allocate(bytes)
  const found = spares.findIndex(({ length }) => length >= bytes && length <= WASTE_MAX * Math.max(bytes, STEP_BYTES))
  if (found === -1) return allocate(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)
  return spares.splice(found, 1)[0]!
}

/** Nobody looks at it any more. */
export function returnMemory(memory: Bytes): void {
  if (memory.length <= SPARE_BYTES_MAX && spares.length < SPARES_MAX) spares.push(memory)
}
