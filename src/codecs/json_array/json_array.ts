/** `json_array`: each record as one JSON object, followed by a comma. Whoever sends them adds brackets and takes the last comma off. */
import { encodeObjects, objectsSizeMax } from '#codecs/json/object.ts'
import type { Encoder, EncoderDefinition } from '#telemetry/encoder.ts'

const COMMA = 0x2c

const encoder: Encoder = {
  name: 'json_array',
  verbatim: false,
  sizeMax: objectsSizeMax,
  encode: (block, target, at, ends, firstEnd) => encodeObjects(block, target, at, ends, firstEnd, COMMA),
}

export const jsonArray: EncoderDefinition = { name: encoder.name, create: () => encoder }
