import { concat, fromText, latin1ToBytes } from '#std/bytes.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { decodeAll } from '#test/support/fuzz-decoder.ts'
import { lokiPush, lokiPushJson, pushHead } from './loki_push.ts'

const head = pushHead('t')
const PROTOBUF =
  '\x0a\x1e\x0a\x07{a="b"}\x12\x13\x0a\x0b\x08\x80\xe2\xcf\xaa\x06\x10\x95\x9a' +
  '\xef\x3a\x12\x02hi\x1a\x06\x0a\x01x\x12\x01y'

/** Entries of push requests, protobuf and JSON. */
export const fuzz: FuzzTarget = {
  name: 'loki_push',
  seeds: [
    concat([head, latin1ToBytes(PROTOBUF)]),
    concat([
      head,
      fromText('{"streams":[{"stream":{"a":"b"},"values":[["1700000000000000000","hi",{"x":"y"}],["5","\\n"]]}]}'),
    ]),
    concat([head, fromText('{"streams":[{"values":[["1","a"]],"stream":{}},{"stream":{"c":"d"},"values":[]}]}')]),
  ],
  run(bytes) {
    decodeAll(lokiPush, bytes)
    decodeAll(lokiPushJson, bytes)
  },
}
