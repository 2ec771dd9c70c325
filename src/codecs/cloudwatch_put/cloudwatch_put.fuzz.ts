import { fromText } from '#std/bytes.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { decodeAll } from '#test/support/fuzz-decoder.ts'
import { cloudwatchPut } from './cloudwatch_put.ts'

const head = '{"log_group":"g","log_stream":"s"}\n'

export const fuzz: FuzzTarget = {
  name: 'cloudwatch_put',
  seeds: [
    `${head}{"timestamp":1700000000000,"message":"hi"},{"timestamp":1700000000001,"message":"\\u00e9\\n"}`,
    `${head}{"timestamp":5,"message":"{\\"level\\":\\"info\\",\\"log_group\\":1,\\n \\"a\\":[{}]}"}`,
  ].map(fromText),
  run: (bytes) => decodeAll(cloudwatchPut, bytes),
}
