import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { agentToServer, serverToAgent } from '#test/support/opamp-messages.ts'
import { decodeAgentToServer, encodeAgentToServer } from './agent-to-server.ts'
import { framed, unframed } from './frame.ts'
import { decodeServerToAgent, encodeServerToAgent } from './server-to-agent.ts'

const SEEDS = { numRuns: 20, seed: 1 }

/** Frames of both directions. What can be read can be written, and is then the same. */
export const fuzz: FuzzTarget = {
  name: 'opamp',
  seeds: [
    ...fc.sample(agentToServer, SEEDS).map((message) => framed(encodeAgentToServer(message))),
    ...fc.sample(serverToAgent, SEEDS).map((message) => framed(encodeServerToAgent(message))),
  ],
  run(bytes) {
    const message = unframed(bytes)
    if (message === undefined) return
    const fromAgent = decodeAgentToServer(message)
    if (fromAgent.ok) assert.deepEqual(decodeAgentToServer(encodeAgentToServer(fromAgent.message)), fromAgent)
    const fromServer = decodeServerToAgent(message)
    if (fromServer.ok) assert.deepEqual(decodeServerToAgent(encodeServerToAgent(fromServer.message)), fromServer)
  },
}
