import type { FuzzTarget } from '#test/support/fuzz.ts'
import { decodeAll } from '#test/support/fuzz-decoder.ts'
import { bulk } from './bulk.ts'

const seeds = [
  `{"field":"es_index","index":"logs"}\n{"create":{"_index":"a","_id":"1"}}\n{"message":"a"}\n{"index":{}}\n{"b":[1,{"c":2}]}\n`,
  `{"field":"es_index"}\n   \n{"index":{}}\n{"es_index":"own"}\n`,
  `{}\n{"create":{}}\n{}\n`,
]

export const fuzz: FuzzTarget = {
  name: 'bulk',
  seeds: seeds.map((seed) => Buffer.from(seed)),
  run: (bytes) => decodeAll(bulk, bytes),
}
