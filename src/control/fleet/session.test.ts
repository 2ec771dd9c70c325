/** What is said to one agent, message by message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentCapability, ServerFlag, SettingsStatus } from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { Secret } from '#std/secret.ts'
import { FakeAgent, USUAL_CAPABILITIES } from '#test/support/fake-agent.ts'
import { offerHash } from './effective.ts'
import { type NamedConfig, newGateway } from './gateway.ts'
import { ATTEMPT_MS_MAX, INTERRUPTIONS_MAX, Ledger } from './ledger.ts'
import { answer, push } from './session.ts'
import { settingsOf } from './settings.ts'
import { newConversation, type Situation, type Wanted } from './situation.ts'
import { statesOf } from './states.ts'

const UID = '019a2f6e-8c4b-7d15-9a0c-2b8f4e6d1a37'
const FULL = ServerFlag.reportFullState

class Server {
  situation: Situation = {
    gateway: newGateway('default', UID, 'open', 'websocket', 0),
    attempts: new Map(),
    conversation: newConversation(),
  }
  wanted: Wanted = {
    config: undefined,
    settings: undefined,
    newUid: undefined,
    knowsComponents: () => true,
  }
  at = 1_800_000_000_000
  hear(message: AgentToServer): ServerToAgent {
    this.at += 1000
    const outcome = answer(this.situation, message, this.wanted, this.at)
    this.situation = outcome
    return outcome.reply!
  }
  /** Until the agent has nothing more to say. */
  converse(agent: FakeAgent): ServerToAgent[] {
    const replies: ServerToAgent[] = []
    do {
      replies.push(this.hear(agent.next()))
      agent.receive(replies.at(-1)!)
    } while (agent.isEager)
    return replies
  }
  push(): ServerToAgent | undefined {
    this.at += 1000
    const outcome = push(this.situation, this.wanted, this.at)
    this.situation = outcome
    return outcome.reply
  }
  reconnect(): void {
    this.situation = { ...this.situation, conversation: newConversation() }
  }
  want(version: number, body = `{"version":2,"n":${version}}`): NamedConfig {
    const files = new Map([['streamgate.json', { body: Buffer.from(body), contentType: 'application/json' }]])
    const config: NamedConfig = { configuration: 'default', kind: 'streamgate', version, hash: offerHash(files), files }
    this.wanted = { ...this.wanted, config }
    return config
  }
  states() {
    const options = { at: this.at, heartbeatMs: 30_000, healthyMsMin: 0 }
    return statesOf(this.situation.gateway, this.situation.attempts, this.wanted.config, options)
  }
}

test('a full first message needs no second, and the first answer says what the server can do', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  const reply = server.hear(agent.next())
  assert.equal(reply.flags, 0n)
  assert.equal(reply.capabilities, 0b10_0111n)
  assert.deepEqual(reply.customCapabilities, { capabilities: ['io.streamgate.node/v1'] })
  const second = server.hear(agent.next())
  assert.deepEqual(second, { instanceUid: agent.uid, flags: 0n, capabilities: 0n }, 'an empty answer has only the uid')
})

test('the full state is asked for once when messages are missing, whatever number the agent begins with', () => {
  for (const firstSeq of [0n, 1n, 2n ** 63n]) {
    const [server, agent] = [new Server(), new FakeAgent({ uid: UID, firstSeq })]
    agent.next()
    assert.equal(server.hear(agent.next()).flags, FULL, 'nothing is known')
    assert.equal(server.hear(agent.next()).flags, 0n, 'it is waited for')
    agent.receive({ instanceUid: agent.uid, flags: FULL, capabilities: 0n })
    assert.equal(server.hear(agent.next()).flags, 0n)
    agent.next()
    assert.equal(server.hear(agent.next()).flags, FULL, 'a gap')
    assert.equal(server.hear(agent.next()).flags, 0n)
    server.at += 60_000
    assert.equal(server.hear(agent.next()).flags, FULL, 'asked again after a while')
    server.at += 31_000
    assert.equal(server.hear(agent.next()).flags, 0n, 'each time twice as long')
  }
})

test('an agent that never sends a part that it can report is asked once', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  agent.capabilities |= AgentCapability.reportsConnectionSettingsStatus
  server.converse(agent)
  for (let i = 0; i < 50; i++) {
    server.at += 30_000
    server.converse(agent)
  }
  assert.equal(agent.fullStatesAskedFor, 1)
})

test('after a restart of the server an agent may go on with what has changed', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  server.want(1)
  server.converse(agent)
  server.reconnect()
  const reply = server.hear(agent.next())
  assert.equal(reply.flags, 0n)
  assert.notEqual(reply.capabilities, 0n)
  assert.equal(agent.offers.length, 1)
})

test('what a gateway has of the desired version was offered, though the server ended before it was noted', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  server.want(1)
  server.converse(agent)
  const noted = server.situation
  const config = server.want(2)
  agent.receive(server.push()!)
  server.situation = { ...noted, conversation: newConversation() }
  server.converse(agent)
  const { inSync, states } = server.states()
  assert.equal(inSync, true)
  assert.partialDeepStrictEqual(states.offered, { version: 2, hash: config.hash })
  assert.equal(agent.offers.length, 2)
})

test('a configuration is offered, applied and in sync, and not offered again', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  server.converse(agent)
  const config = server.want(1)
  assert.equal(server.states().drift, 'pending')
  agent.receive(server.push()!)
  assert.equal(server.push(), undefined)
  server.converse(agent)
  const { inSync, states } = server.states()
  assert.equal(inSync, true)
  const { at: _, ...offered } = states.offered!
  assert.deepEqual(offered, { configuration: 'default', version: 1, hash: config.hash })
  assert.equal(states.reported?.version, 1)
  assert.equal(states.effective?.matches, true)
  server.reconnect()
  server.converse(agent)
  agent.restart()
  server.converse(agent)
  assert.deepEqual(agent.offers, [config.hash])
  agent.loseDisk()
  server.converse(agent)
  assert.deepEqual(agent.offers, [config.hash, config.hash], 'what it has lost it gets again')
})

test('what was refused is not offered again until someone retries', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID, behaviour: () => 'fails' })]
  const config = server.want(1)
  server.converse(agent)
  for (let i = 0; i < 20; i++) {
    server.at += 600_000
    if (i % 3 === 0) server.reconnect()
    if (i % 5 === 0) agent.restart()
    server.converse(agent)
  }
  assert.deepEqual(agent.offers, [config.hash])
  assert.equal(server.states().drift, 'failed')
  assert.match(server.situation.attempts.get(config.hash)!.error, /cannot apply/)
  agent.behaviour = () => 'applies'
  const ledger = new Ledger(server.situation.attempts)
  ledger.retry(config.hash)
  server.situation = { ...server.situation, attempts: ledger.attempts }
  agent.receive(server.push()!)
  server.converse(agent)
  assert.equal(server.states().inSync, true)
})

test('a rollback is not taken for a configuration that never arrived', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  const good = server.want(1)
  server.converse(agent)
  agent.behaviour = () => 'rolls_back'
  const bad = server.want(2)
  server.converse(agent)
  for (let i = 0; i < 10; i++) {
    server.at += 600_000
    server.reconnect()
    server.converse(agent)
  }
  assert.deepEqual(agent.offers, [good.hash, bad.hash])
  const attempt = server.situation.attempts.get(bad.hash)!
  assert.equal(attempt.result, 'rolled_back')
  assert.equal(attempt.rolledBackTo, good.hash)
  assert.match(attempt.error, /cannot apply/)
  assert.equal(server.states().drift, 'rolled_back')
  server.want(1)
  server.converse(agent)
  assert.equal(server.states().inSync, true, 'the old content is what it has')
  agent.behaviour = () => 'applies'
  server.want(3)
  server.converse(agent)
  assert.equal(server.states().inSync, true)
})

test('an agent that starts anew again and again over a configuration is left in peace', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID, behaviour: () => 'crashes' })]
  const config = server.want(1)
  for (let i = 0; i < 20; i++) {
    server.at += 60_000
    server.converse(agent)
  }
  assert.ok(agent.offers.length <= 3 * INTERRUPTIONS_MAX, `${agent.offers.length} offers`)
  assert.equal(server.situation.attempts.get(config.hash)?.result, 'failed')
})

test('a configuration that is never reported as applied times out, also over a restart of the server', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  const config = server.want(1)
  agent.receive(server.hear(agent.next()))
  agent.next()
  const applying = agent.next()
  applying.remoteConfigStatus = {
    lastRemoteConfigHash: Buffer.from(config.hash, 'hex'),
    status: SettingsStatus.applying,
    errorMessage: '',
  }
  server.hear(applying)
  server.reconnect()
  server.at += ATTEMPT_MS_MAX
  server.hear(agent.next())
  assert.equal(server.states().drift, 'stale')
  const applied = agent.next()
  applied.remoteConfigStatus = { ...applying.remoteConfigStatus, status: SettingsStatus.applied }
  server.hear(applied)
  assert.equal(server.situation.attempts.get(config.hash)?.result, 'applied', 'late is better than never')
})

test('nothing is offered that the agent does not take, nor anything of another kind', () => {
  const cases = [
    { capabilities: AgentCapability.reportsStatus, drift: 'no_capability' },
    { capabilities: USUAL_CAPABILITIES, product: 'io.opentelemetry.collector', drift: 'pending' },
  ]
  for (const { drift, ...options } of cases) {
    const [server, agent] = [new Server(), new FakeAgent({ uid: UID, ...options })]
    server.want(1)
    const replies = server.converse(agent)
    assert.ok(replies.every(({ remoteConfig }) => remoteConfig === undefined))
    assert.equal(server.push(), undefined)
    assert.equal(server.states().drift, drift)
  }
})

test('an agent that does not report statuses is sent its configuration once for each connection', () => {
  const capabilities = AgentCapability.reportsStatus | AgentCapability.acceptsRemoteConfig
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID, capabilities })]
  server.want(1)
  for (let i = 0; i < 10; i++) {
    server.at += 600_000
    server.converse(agent)
  }
  assert.equal(agent.offers.length, 1)
})

test('a repeated message is answered again with what its answer had', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  server.want(1)
  const first = agent.next()
  const answers = [server.hear(first), server.hear(first), server.hear(first)]
  assert.ok(answers.every(({ remoteConfig }) => remoteConfig !== undefined))
  for (let i = 0; i < 100; i++) answers.push(server.hear(first))
  assert.ok(answers.filter(({ remoteConfig }) => remoteConfig !== undefined).length < 10, 'but not for ever')
})

test('the command to restart goes alone, and once', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  agent.capabilities |= AgentCapability.acceptsRestartCommand
  server.want(1)
  server.situation = { ...server.situation, gateway: { ...server.situation.gateway, restartRequestedAt: 1 } }
  const reply = server.hear(agent.next())
  assert.deepEqual(
    Object.keys(reply).filter((key) => reply[key as keyof ServerToAgent] !== undefined),
    ['instanceUid', 'flags', 'capabilities', 'command'],
  )
  assert.equal(reply.flags, 0n)
  agent.receive(reply)
  server.converse(agent)
  assert.equal(agent.restartCommands, 1)
  assert.equal(server.states().inSync, true)
})

test('connection settings are complete, and offered until the agent says what became of them', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  const opamp = { endpoint: 'wss://c:4320/v1/opamp', heartbeatMs: 10_000, credential: new Secret('sga_x') }
  server.wanted = { ...server.wanted, settings: settingsOf({ opamp, ownMetrics: undefined }) }
  assert.equal(server.hear(agent.next()).connectionSettings, undefined, 'the agent takes none')
  agent.capabilities |= AgentCapability.acceptsOpampConnectionSettings | AgentCapability.reportsConnectionSettingsStatus
  const offers = server.hear(agent.next()).connectionSettings!
  assert.deepEqual(offers.opamp, {
    destinationEndpoint: 'wss://c:4320/v1/opamp',
    headers: { headers: [{ key: 'Authorization', value: 'Bearer sga_x' }] },
    heartbeatIntervalSeconds: 10n,
  })
  agent.receive({ instanceUid: agent.uid, flags: 0n, capabilities: 0n, connectionSettings: offers })
  for (const reply of server.converse(agent)) assert.equal(reply.connectionSettings, undefined)
})

test('what somebody has changed at the gateway shows', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  const config = server.want(1)
  server.converse(agent)
  agent.running = {
    hash: config.hash,
    files: new Map([['streamgate.json', { body: Buffer.from('{"version":2,"n":7}'), contentType: '' }]]),
  }
  agent.say('effective')
  server.converse(agent)
  assert.equal(server.states().drift, 'local_override')
  assert.equal(server.states().inSync, false)
})

test('an agent that takes its leave is gone at once', () => {
  const [server, agent] = [new Server(), new FakeAgent({ uid: UID })]
  server.converse(agent)
  const reply = server.hear({ ...agent.next(), agentDisconnect: {} })
  assert.deepEqual(reply, { instanceUid: agent.uid, flags: 0n, capabilities: 0n })
  assert.equal(server.states().online, false)
})
