import type { FuzzTarget } from '#test/support/fuzz.ts'
import { decodeAll, scanAll } from '#test/support/fuzz-decoder.ts'
import { datadogLogs } from './datadog_logs.ts'
import { DatadogScan } from './datadog-scan.ts'

const seeds = [
  `{}\n[{"message":"a","status":"info","ddtags":"a:b"},{"date":1,"x":{"y":[1,"\\""]}}]`,
  `{"ddsource":"nginx","service":"s"}\n{"message":"a"}`,
  `{"hostname":"h"}\n[{},{"timestamp":1.5,\n"status":"warn","date":2}]`,
]

export const fuzz: FuzzTarget = {
  name: 'datadog_logs',
  seeds: seeds.map((seed) => Buffer.from(seed)),
  run(bytes) {
    decodeAll(datadogLogs, bytes)
    scanAll(datadogLogs, bytes, (body, pieceBytesMax) => new DatadogScan(body, pieceBytesMax))
    const head = bytes.indexOf(0x0a) + 1
    scanAll(datadogLogs, bytes.subarray(head), (body, pieceBytesMax) => new DatadogScan(body, pieceBytesMax))
  },
}
