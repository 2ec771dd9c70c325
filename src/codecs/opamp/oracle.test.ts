import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { agentToServer, serverToAgent } from '#test/support/opamp-messages.ts'
import { decodeAgentToServer, encodeAgentToServer } from './agent-to-server.ts'
import { decodeServerToAgent, encodeServerToAgent } from './server-to-agent.ts'

const SEED = 20261121

/** What protobuf-es makes of the specification's own file, in the packages of Elastic. */
const require = createRequire(import.meta.url)
const home = createRequire(require.resolve('@elastic/mockopampserver'))
const { fromBinary, toBinary } = home('@bufbuild/protobuf')
const schemas = home('./generated/opamp_pb.js')

/** The file is younger than what they were made of. */
const YOUNGER = ['attributes']

type Message = Record<string, unknown>

test('another implementation reads by the same names what is written, and writes what is read', () => {
  const both = (schema: unknown, ours: Message, bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown) => {
    const theirs = fromBinary(schema, bytes)
    assertSame(ours, theirs, '')
    assert.deepEqual(decode(toBinary(schema, theirs)), { ok: true, message: ours })
  }
  fc.assert(
    fc.property(agentToServer, (message) => {
      both(schemas.AgentToServerSchema, { ...message }, encodeAgentToServer(message), decodeAgentToServer)
    }),
    { seed: SEED },
  )
  fc.assert(
    fc.property(serverToAgent, (message) => {
      both(schemas.ServerToAgentSchema, { ...message }, encodeServerToAgent(message), decodeServerToAgent)
    }),
    { seed: SEED },
  )
})

/** Members of ours in theirs; a map is an object there, a value of several kinds has `case`, a lone oneof a place of its own. */
function assertSame(ours: unknown, theirs: unknown, path: string): void {
  if (ours instanceof Map) {
    const object = theirs as Message
    assert.deepEqual(new Set(Object.keys(object)), new Set(ours.keys()), path)
    for (const [key, value] of ours) assertSame(value, object[key], `${path}[${key}]`)
  } else if (Array.isArray(ours)) {
    const array = theirs as unknown[]
    assert.equal(array.length, ours.length, path)
    for (let i = 0; i < ours.length; i++) assertSame(ours[i], array[i], `${path}[${i}]`)
  } else if (ours instanceof Uint8Array) {
    assert.ok(Buffer.from(ours).equals(theirs as Uint8Array), path)
  } else if (typeof ours !== 'object' || ours === null) {
    assert.equal(theirs, ours, path)
  } else if ('kind' in ours) {
    const { kind, value } = ours as { kind: string; value?: unknown }
    const one = (theirs as { value: { case?: string; value?: unknown } }).value
    assert.equal(one.case, kind === 'none' ? undefined : `${kind}Value`, path)
    const holdsList = kind === 'array' || kind === 'kvlist'
    assertSame(value, holdsList ? (one.value as { values: unknown }).values : one.value, `${path}.${kind}`)
  } else {
    for (const [name, value] of Object.entries(ours)) {
      if (YOUNGER.includes(name)) continue
      const object = theirs as Message
      const there = name === 'retryInfo' ? (object['Details'] as { value: unknown }).value : object[name]
      if (value === undefined) assert.equal(there, undefined, `${path}.${name}`)
      else assertSame(value, there, `${path}.${name}`)
    }
  }
}
