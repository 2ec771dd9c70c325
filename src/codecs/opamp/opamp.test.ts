import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { agentToServer, serverToAgent } from '#test/support/opamp-messages.ts'
import { decodeAgentToServer, encodeAgentToServer } from './agent-to-server.ts'
import { configHashInput } from './config-hash.ts'
import { AgentCapability } from './constants.ts'
import { framed, unframed } from './frame.ts'
import { type Decoded, NESTING_MAX } from './input.ts'
import { decodeServerToAgent, encodeServerToAgent } from './server-to-agent.ts'

const SEED = 20261121

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function given<T>(decoded: Decoded<T>): T {
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.error.code)
  return decoded.message
}

// What an opampsupervisor of the OpenTelemetry Collector 0.139 sends as its heartbeat.
const HEARTBEAT = '000a10019a86892e6d7d2089ffe01046135f26101220e7fb01'

test('the heartbeat of a real supervisor is read, and written again to the byte', () => {
  const message = given(decodeAgentToServer(unframed(hex(HEARTBEAT))!))
  assert.deepEqual(message, {
    instanceUid: hex('019a86892e6d7d2089ffe01046135f26'),
    sequenceNum: 18n,
    capabilities: 0x7de7n,
    flags: 0n,
  })
  assert.ok((message.capabilities & AgentCapability.acceptsRemoteConfig) !== 0n)
  assert.equal(Buffer.from(framed(encodeAgentToServer(message))).toString('hex'), HEARTBEAT)
})

test('an offer of a configuration is written as the specification numbers it', () => {
  const bytes = encodeServerToAgent({
    instanceUid: hex('00'.repeat(16)),
    remoteConfig: {
      config: { configMap: new Map([['a', { body: hex('7b7d'), contentType: 'x/y' }]]) },
      configHash: hex('ff'),
    },
    flags: 1n,
    capabilities: 3n,
  })
  const expected = `0a10${'00'.repeat(16)}1a15${'0a10'}${'0a0e'}${'0a0161'}${'1209'}${'0a027b7d'}${'1203782f79'}${'1201ff'}30013803`
  assert.equal(Buffer.from(bytes).toString('hex'), expected)
})

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(agentToServer, (message) =>
      assert.deepEqual(given(decodeAgentToServer(encodeAgentToServer(message))), message),
    ),
    { seed: SEED },
  )
  fc.assert(
    fc.property(serverToAgent, (message) =>
      assert.deepEqual(given(decodeServerToAgent(encodeServerToAgent(message))), message),
    ),
    { seed: SEED },
  )
})

test('the last scalar counts, sub-messages that come twice are merged, unknown fields are passed by', () => {
  const message = given(decodeAgentToServer(hex('1001' + '2a020801' + 'fa0600' + '1002' + '2a031a0161')))
  assert.equal(message.sequenceNum, 2n)
  assert.equal(message.health?.healthy, true)
  assert.equal(message.health?.lastError, 'a')
  // A known number with another wire type is unknown.
  assert.equal(given(decodeAgentToServer(hex('150102030410' + '07'))).sequenceNum, 7n)
})

test('an empty message is one', () => {
  assert.deepEqual(given(decodeServerToAgent(hex(''))), { instanceUid: hex(''), flags: 0n, capabilities: 0n })
  const entry = given(decodeAgentToServer(hex('2a023200'))).health?.componentHealthMap.get('')
  assert.equal(entry?.healthy, false)
})

test('numbers of 64 bits keep every bit; a varint of ten bytes wraps', () => {
  const message = given(decodeAgentToServer(hex('10ffffffffffffffffff01')))
  assert.equal(message.sequenceNum, 2n ** 64n - 1n)
  assert.deepEqual(decodeAgentToServer(hex('10ffffffffffffffffffff01')).ok, false)
})

test('every cut is read or refused, and never thrown', () => {
  const [message] = fc.sample(agentToServer, { numRuns: 1, seed: SEED })
  const bytes = encodeAgentToServer(message!)
  for (let length = 0; length < bytes.length; length++) decodeAgentToServer(bytes.subarray(0, length))
  assert.deepEqual(decodeAgentToServer(hex('0a10ff')), { ok: false, error: { code: 'malformed', at: 0 } })
})

test('lengths that are not there are refused before anything is allocated', () => {
  for (const length of ['ffffffff0f', 'ffffffff7f', 'ffffffffffffffffff01', '8080808080']) {
    assert.equal(decodeAgentToServer(hex(`0a${length}`)).ok, false)
    assert.equal(decodeServerToAgent(hex(`1a${length}`)).ok, false)
  }
})

test('text that is no UTF-8 is refused', () => {
  assert.deepEqual(decodeServerToAgent(hex('12031201ff')), { ok: false, error: { code: 'malformed', at: 4 } })
})

test('messages nest up to a bound', () => {
  // AgentDescription.identifying_attributes[].value.array_value.values[]…
  const values = (depth: number) => {
    let inner: number[] = [0x10, 1]
    for (let i = 0; i < depth; i++) {
      inner = [0x0a, ...varint(inner.length), ...inner]
      inner = [0x2a, ...varint(inner.length), ...inner]
    }
    for (const tag of [0x12, 0x0a, 0x1a]) inner = [tag, ...varint(inner.length), ...inner]
    return Uint8Array.from(inner)
  }
  assert.equal(decodeAgentToServer(values(10)).ok, true)
  for (const depth of [NESTING_MAX, 500]) {
    const decoded = decodeAgentToServer(values(depth))
    assert.equal(decoded.ok ? 'ok' : decoded.error.code, 'too_deep')
  }
  // AgentToServer.health.component_health_map[''].component_health_map['']…
  let health: number[] = [0x08, 1]
  for (let i = 0; i < 500; i++) {
    health = [0x12, ...varint(health.length), ...health]
    health = [0x32, ...varint(health.length), ...health]
  }
  const decoded = decodeAgentToServer(Uint8Array.from([0x2a, ...varint(health.length), ...health]))
  assert.equal(decoded.ok ? 'ok' : decoded.error.code, 'too_deep')
})

test('a message of nothing but small fields is bounded in number, wherever they stand', () => {
  const fields = Buffer.alloc(4_000_000)
  const cases = { unknown: 0x78, scalar: 0x10, list: 0x62, member: 0x0a }
  for (const [name, tag] of Object.entries(cases)) {
    for (let at = 0; at < fields.length; at += 2) fields.writeUInt16LE(tag, at)
    const isInside = name === 'member'
    const bytes = isInside ? Buffer.concat([Buffer.from([0x62, ...varint(fields.length)]), fields]) : fields
    const decoded = decodeAgentToServer(bytes)
    assert.equal(decoded.ok ? 'ok' : decoded.error.code, 'too_many', name)
  }
})

test('names like those of objects are keys like any other', () => {
  const configMap = new Map([['__proto__', { body: hex('01'), contentType: '' }]])
  const message = {
    instanceUid: hex(''),
    effectiveConfig: { configMap: { configMap } },
    sequenceNum: 0n,
    capabilities: 0n,
    flags: 0n,
  }
  const read = given(decodeAgentToServer(encodeAgentToServer(message)))
  assert.deepEqual([...read.effectiveConfig!.configMap!.configMap.keys()], ['__proto__'])
})

test('what was decoded does not hold the bytes it came in', () => {
  const bytes = hex(HEARTBEAT)
  const message = given(decodeAgentToServer(unframed(bytes)!))
  bytes.fill(0)
  assert.equal(message.instanceUid[0], 1)
  assert.equal(message.instanceUid.buffer.byteLength, 16)
})

test('a frame has the header 0, however padded, or none', () => {
  const message = hex('0a0101')
  assert.deepEqual(hex(Buffer.from(framed(message)).toString('hex')), hex('000a0101'))
  for (const header of ['', '00', '8000', '80808080808080808000']) {
    assert.deepEqual(unframed(hex(`${header}0a0101`)), message, header)
  }
  for (const header of ['01', '07', '8001', 'ff', '80808080808080808080', '80', '0b']) {
    assert.equal(unframed(hex(`${header}0a0101`)), undefined, header)
  }
  assert.equal(unframed(hex(''))?.length, 0)
  assert.equal(unframed(hex('00'))?.length, 0)
})

test('the order of files is nothing to their hash; names, types and borders are', () => {
  const file = (body: string, contentType = '') => ({ body: Buffer.from(body), contentType })
  const input = (...files: [string, ReturnType<typeof file>][]) => configHashInput(new Map(files)).toString('hex')
  assert.equal(input(['b', file('2')], ['a', file('1')]), input(['a', file('1')], ['b', file('2')]))
  assert.equal(input(['a', file('1', 't')]), '00000001' + '61' + '00000001' + '74' + '00000001' + '31')
  const different = [
    [],
    [['a', file('')]],
    [['', file('a')]],
    [['', file('', 'a')]],
    [
      ['a', file('1')],
      ['', file('')],
    ],
  ]
  assert.equal(new Set(different.map((files) => input(...(files as [string, ReturnType<typeof file>][])))).size, 5)
  // By bytes, not by UTF-16: U+FFFD comes before U+1F600.
  assert.equal(input(['😀', file('')], ['\ufffd', file('')]).startsWith('00000003efbfbd'), true)
})

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}
