import type { FuzzTarget } from '#test/support/fuzz.ts'
import { decodeAll, scanAll } from '#test/support/fuzz-decoder.ts'
import { hecEvents } from './hec.ts'
import { HecScan } from './hec-scan.ts'

const seeds = [
  `{}\n{"time":1.5,"host":"h","event":{"message":"a","n":[1]},"fields":{"env":"prod","n":2}}{"event":"b"}`,
  `{"index":"main","source":"s"}\n[{"event":"a","sourcetype":null},\n{"event":5}]`,
  `{"host":"h"}\n{"event":{"host":"own","timestamp":1},"time":"2","fields":{"host":"x","a":"b"}}`,
]

export const fuzz: FuzzTarget = {
  name: 'hec',
  seeds: seeds.map((seed) => Buffer.from(seed)),
  run(bytes) {
    decodeAll(hecEvents, bytes)
    scanAll(hecEvents, bytes, (body, pieceBytesMax) => new HecScan(body, pieceBytesMax))
    const head = bytes.indexOf(0x0a) + 1
    scanAll(hecEvents, bytes.subarray(head), (body, pieceBytesMax) => new HecScan(body, pieceBytesMax))
  },
}
