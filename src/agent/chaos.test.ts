import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { randomFrom } from '#std/random.ts'
import { serverToAgent } from '#test/support/opamp-messages.ts'
import { answer, CAPABILITY, MemoryWorld, offer } from '#test/support/opamp-world.ts'

const SEED = 20261121

/** A server as the specification has it: knows an agent by what it was told, and asks for everything when it missed some. */
class Server {
  #known: Partial<AgentToServer> | undefined
  /** Something was missed, and not told again yet. */
  #isBehind = false
  desired = 'aa'

  restart(): void {
    this.#known = undefined
  }

  get knows(): Partial<AgentToServer> {
    return this.#known ?? {}
  }

  answer(message: AgentToServer): Partial<ServerToAgent> {
    const known = this.#known
    const isNext = known !== undefined && message.sequenceNum === known.sequenceNum! + 1n
    const isWhole = message.agentDescription !== undefined && message.remoteConfigStatus !== undefined
    this.#known = { ...known, ...message }
    this.#isBehind = !isWhole && (this.#isBehind || !isNext)
    if (this.#isBehind) return { flags: 1n, capabilities: 0x7fn }
    const hash = Buffer.from(this.knows.remoteConfigStatus?.lastRemoteConfigHash ?? []).toString('hex')
    return { capabilities: 0x7fn, ...(hash === this.desired ? {} : offer(this.desired)) }
  }
}

test('messages get lost, come twice and late, servers restart: in the end both sides agree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e9 }), async (seed) => {
      const random = randomFrom(seed)
      const ends: (() => unknown)[] = []
      const world = new MemoryWorld({ after: (end) => void ends.push(end) }, { random })
      const server = new Server()
      const late: Partial<ServerToAgent>[] = []
      let sent = await world.start()
      for (let step = 0; step < 60; step++) {
        const isCalm = step >= 40
        const happens = (share: number) => !isCalm && random() < share
        if (happens(0.1)) server.restart()
        if (happens(0.1)) world.peer?.closed('gone')
        if (happens(0.2)) server.desired = ['aa', 'bb', 'cc'][Math.floor(random() * 3)]!
        for (const message of sent) {
          if (happens(0.2)) continue
          const reply = server.answer(message)
          if (happens(0.2)) late.push(reply)
          else if (!happens(0.2)) world.peer?.send(answer(reply))
          if (happens(0.2)) world.peer?.send(answer(reply))
        }
        if (late.length > 0 && (isCalm || happens(0.3))) world.peer?.send(answer(late.shift()!))
        sent = [...(await world.sent()), ...(await world.pass(10_000))]
      }
      const { remoteConfigStatus, agentDescription, health } = server.knows
      assert.ok(agentDescription !== undefined && health !== undefined)
      assert.equal(Buffer.from(remoteConfigStatus?.lastRemoteConfigHash ?? []).toString('hex'), server.desired)
      assert.equal(remoteConfigStatus?.status, SettingsStatus.applied)
      assert.equal(world.node.applied.at(-1)?.slice(0, 2), server.desired)
      for (const end of ends) await end()
    }),
    { seed: SEED, numRuns: 150 },
  )
})

test('a server that says anything at all, with every answer, is answered at a bounded rate and never ends the agent', async () => {
  await fc.assert(
    fc.asyncProperty(serverToAgent, async (nonsense) => {
      const ends: (() => unknown)[] = []
      const world = new MemoryWorld({ after: (end) => void ends.push(end) })
      const always: Partial<ServerToAgent> = { ...nonsense, instanceUid: new Uint8Array(0), flags: 3n }
      let sent = await world.start()
      let count = 0
      for (let round = 0; round < 50; round++) {
        count += sent.length
        for (const _ of sent) world.peer?.send(answer(always))
        sent = await world.sent()
      }
      assert.ok(count < 15, `${count} messages`)
      for (const end of ends) await end()
    }),
    { seed: SEED, numRuns: 100 },
  )
})

test('a server that gives the same configuration other hashes makes the node reload now and then', async (t) => {
  const world = new MemoryWorld(t)
  let sent = await world.start()
  for (let i = 0; i < 200; i++) {
    for (const _ of sent) world.peer?.send(answer(offer(i.toString(16).padStart(4, '0'), 'the same')))
    sent = await world.pass(10)
  }
  assert.ok(world.node.applied.length <= 7, `${world.node.applied.length} in two seconds`)
  world.peer?.send(answer({ customCapabilities: { capabilities: [CAPABILITY] } }))
  await world.pass(60_000)
  assert.ok(world.node.applied.length >= 5)
})
