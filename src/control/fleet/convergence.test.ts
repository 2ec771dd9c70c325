/**
 * Conversations with lost, repeated and reordered messages, restarts of the server, of the agent and changes of the
 * configuration at any moment: when it becomes quiet they always come to an end, and what failed is never offered again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import { randomFrom } from '#std/random.ts'
import { type Behaviour, FakeAgent } from '#test/support/fake-agent.ts'
import { offerHash } from './effective.ts'
import { type NamedConfig, newGateway } from './gateway.ts'
import { isBlocked } from './ledger.ts'
import { answer, push } from './session.ts'
import { newConversation, type Situation, type Wanted } from './situation.ts'
import { statesOf } from './states.ts'

const RUNS = 600
const STEPS = 60
/** Minutes of quiet; what is asked for again waits an hour at most. */
const QUIET_STEPS = 240
const UID = '019a2f6e-8c4b-7d15-9a0c-2b8f4e6d1a37'
const BEHAVIOURS: readonly Behaviour[] = ['applies', 'applies', 'fails', 'rolls_back']

function configOf(version: number, behaviour: Behaviour): NamedConfig {
  const body = Buffer.from(JSON.stringify({ version, behaviour }))
  const files = new Map([['streamgate.json', { body, contentType: 'application/json' }]])
  return { configuration: 'default', kind: 'streamgate', version, hash: offerHash(files), files }
}

class World {
  readonly random: () => number
  readonly agent: FakeAgent
  situation: Situation
  /** What the store has: it may be older than what the server had in memory. */
  stored: Situation
  wanted: Wanted
  at = 1_800_000_000_000
  versions = 1
  delayed: AgentToServer[] = []
  replies = 0

  constructor(seed: number) {
    this.random = randomFrom(seed)
    this.agent = new FakeAgent({
      uid: UID,
      firstSeq: this.random() < 0.5 ? 0n : 1n,
      behaviour: (files) => JSON.parse(Buffer.from(files.get('streamgate.json')!.body).toString()).behaviour,
    })
    this.situation = {
      gateway: newGateway('default', UID, 'open', 'http', this.at),
      attempts: new Map(),
      conversation: newConversation(),
    }
    this.stored = this.situation
    this.wanted = {
      config: configOf(0, 'applies'),
      settings: undefined,
      newUid: undefined,
      knowsComponents: () => true,
    }
  }

  step(chaos: boolean): void {
    const { random } = this
    const chance = (share: number) => chaos && random() < share
    this.at += chaos ? Math.ceil(random() * 40_000) : 60_000
    if (chance(0.05)) this.wanted = { ...this.wanted, config: configOf(this.versions++, this.#behaviour()) }
    if (chance(0.05)) this.#restartServer()
    if (chance(0.04)) this.agent.restart()
    if (chance(0.02)) this.agent.loseDisk()
    if (chance(0.1)) this.#deliver(push(this.situation, this.wanted, this.at), chance(0.2))
    const message = this.agent.next()
    if (chance(0.1)) return void this.delayed.push(message)
    if (!chance(0.15)) this.#hear(message, chance(0.15))
    if (chance(0.1)) this.#hear(message, false)
    if (!chaos || random() < 0.5) for (const late of this.delayed.splice(0)) this.#hear(late, chance(0.2))
    if (chance(0.7)) this.stored = this.situation
  }

  #behaviour(): Behaviour {
    return BEHAVIOURS[Math.floor(this.random() * BEHAVIOURS.length)]!
  }

  #restartServer(): void {
    this.situation = { ...this.stored, conversation: newConversation() }
  }

  #hear(message: AgentToServer, isLost: boolean): void {
    this.#deliver(answer(this.situation, message, this.wanted, this.at), isLost)
    this.replies++
  }

  #deliver(outcome: ReturnType<typeof answer>, isLost: boolean): void {
    const hash = outcome.reply?.remoteConfig?.configHash
    if (hash !== undefined) {
      const attempt = this.situation.attempts.get(Buffer.from(hash).toString('hex'))
      assert.ok(attempt === undefined || !isBlocked(attempt), 'what failed is offered again')
    }
    this.situation = outcome
    if (outcome.reply !== undefined && !isLost) this.agent.receive(outcome.reply)
  }

  check(): void {
    const { wanted, situation, agent } = this
    const config = wanted.config!
    const options = { at: this.at, heartbeatMs: 90_000, healthyMsMin: 0 }
    const { drift, inSync } = statesOf(situation.gateway, situation.attempts, config, options)
    const { behaviour } = JSON.parse(Buffer.from(config.files.get('streamgate.json')!.body).toString())
    if (behaviour === 'applies') {
      assert.equal(agent.running?.hash, config.hash)
      assert.equal(drift, null)
      assert.equal(inSync, true)
    } else {
      assert.ok(drift === 'failed' || drift === 'rolled_back', `drift ${drift} for what ${behaviour}`)
    }
  }
}

test('whatever is lost, repeated, reordered or restarted, a configuration change comes to its end', () => {
  const first = Number(process.env['STREAMGATE_TEST_SEED'] ?? 1)
  for (let seed = first; seed < first + RUNS; seed++) {
    const world = new World(seed)
    try {
      for (let i = 0; i < STEPS; i++) world.step(true)
      const [offers, asked] = [world.agent.offers.length, world.agent.fullStatesAskedFor]
      for (let i = 0; i < QUIET_STEPS; i++) world.step(false)
      world.check()
      assert.ok(world.agent.offers.length - offers <= 2, 'no loop of offers')
      assert.ok(world.agent.fullStatesAskedFor - asked <= 2, 'no loop of full states')
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
})
