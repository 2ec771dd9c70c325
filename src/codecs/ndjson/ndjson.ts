/** `ndjson`: each record as one JSON object on one line (ndjson.org). */
import { encodeObjects, objectsSizeMax } from '#codecs/json/object.ts'
import { NEWLINE } from '#std/bytes.ts'
import type { Encoder } from '#telemetry/encoder.ts'

export const ndjson: Encoder = {
  name: 'ndjson',
  verbatim: false,
  sizeMax: objectsSizeMax,
  encode: (block, target, at, ends, firstEnd) => encodeObjects(block, target, at, ends, firstEnd, NEWLINE),
}
