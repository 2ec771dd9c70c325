import type { FuzzTarget } from '#test/support/fuzz.ts'
import { decodeAll, scanAll } from '#test/support/fuzz-decoder.ts'
import { bulk } from './bulk.ts'
import { BulkScan } from './bulk-scan.ts'

const seeds = [
  `{"field":"es_index","index":"logs"}\n{"create":{"_index":"a","_id":"1"}}\n{"m":"a"}\n{"index":{}}\n{"b":[1,{"c":2}]}\n`,
  `{"field":"es_index"}\n   \n{"index":{}}\n{"es_index":"own"}\n`,
  `{}\n{"create":{}}\n{}\n`,
  // A byte that is no white space of JSON is no blank line.
  `{}\n{"create":{}}\n{}\n\0\n{"index":{}}\n{}\n`,
]

export const fuzz: FuzzTarget = {
  name: 'bulk',
  seeds: seeds.map((seed) => Buffer.from(seed)),
  run(bytes) {
    decodeAll(bulk, bytes)
    scanAll(bulk, bytes, (body, pieceBytesMax) => new BulkScan(body, pieceBytesMax, 100))
    const head = bytes.indexOf(0x0a) + 1
    scanAll(bulk, bytes.subarray(head), (body, pieceBytesMax) => new BulkScan(body, pieceBytesMax, 100))
  },
}
