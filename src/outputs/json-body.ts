/** Bodies made of encoded records. */
import { type Bytes, concat, fromText } from '#std/bytes.ts'

const OPEN = fromText('[')
const CLOSE = fromText(']')

/** A JSON array of records that each end in a comma. Copies: the batch may be sent again. */
export function inBrackets(records: Bytes): Bytes {
  return concat([OPEN, records.subarray(0, records.length - 1), CLOSE])
}
