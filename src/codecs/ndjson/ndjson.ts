/** `ndjson`: each record as one JSON object on one line (ndjson.org). */
import { encodeObjects, objectsSizeMax } from '#codecs/json/object.ts'
import { NEWLINE } from '#std/bytes.ts'
import type { Encoder, EncoderDefinition } from '#telemetry/encoder.ts'

const encoder: Encoder = {
  name: 'ndjson',
  verbatim: false,
  sizeMax: objectsSizeMax,
  encode: (block, target, at, ends, firstEnd) => encodeObjects(block, target, at, ends, firstEnd, NEWLINE),
}

export const ndjson: EncoderDefinition = { name: encoder.name, create: () => encoder }
