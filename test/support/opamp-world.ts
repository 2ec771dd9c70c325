/** An OpAMP agent with a server that the test plays, over memory, on a clock that the test moves. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { OpampAgentOptions } from '#agent/agent-options.ts'
import type { ServerAddress } from '#agent/connection.ts'
import type { MemoryPeer } from '#agent/memory.ts'
import { OpampAgent } from '#agent/opamp-agent.ts'
import type { ApplyResult, ConfigFiles } from '#agent/remote-config.ts'
import type { AgentToServer, ComponentHealth, ServerToAgent } from '#codecs/opamp/messages.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock, systemClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'

export const CAPABILITY = 'io.streamgate.node/v1'
export const ALL_SERVER_CAPABILITIES = 0x7fn

export interface Test {
  after(end: () => void | Promise<void>): void
}

export function testFolder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function healthOf(change: Partial<ComponentHealth> = {}): ComponentHealth {
  return {
    healthy: true,
    startTimeUnixNano: 1n,
    lastError: '',
    status: 'running',
    statusTimeUnixNano: 2n,
    componentHealthMap: new Map(),
    attributes: [],
    ...change,
  }
}

/** The node beside the agent. */
export class FakeNode {
  readonly applied: string[] = []
  result: ApplyResult = { status: 'applied' }
  health = healthOf()
  held: PromiseWithResolvers<void> | undefined
  readonly custom: string[] = []
  restarts = 0

  readonly applyRemoteConfig = async (files: ConfigFiles, hash: string): Promise<ApplyResult> => {
    this.applied.push(`${hash}:${[...files].map(([name, { body }]) => `${name}=${Buffer.from(body)}`).join()}`)
    await this.held?.promise
    return this.result
  }

  options(rest: Partial<OpampAgentOptions>): OpampAgentOptions {
    return {
      server: () => {
        throw new Error('no server')
      },
      description: { version: '1.2.3', id: 'node-1', labels: { env: 'test' } },
      capability: CAPABILITY,
      dataDir: undefined,
      clock: new ManualClock(),
      random: randomFrom(1),
      log: silentLogger,
      applyRemoteConfig: this.applyRemoteConfig,
      effectiveConfig: () =>
        new Map([['streamgate.json', { body: Buffer.from('{}'), contentType: 'application/json' }]]),
      health: () => this.health,
      onCustomMessage: (type, data) => this.custom.push(`${type} ${Buffer.from(data)}`),
      restart: () => this.restarts++,
      ...rest,
    }
  }
}

export class MemoryWorld {
  readonly clock = new ManualClock()
  readonly node = new FakeNode()
  readonly agent: OpampAgent
  /** What has come since it was looked at last. */
  #sent: AgentToServer[] = []
  peer: MemoryPeer | undefined
  connections = 0
  isAway = false
  closed = 0

  constructor(t: Test, options: Partial<OpampAgentOptions> = {}) {
    const server = (peer: MemoryPeer) => {
      if (this.isAway) throw new Error('nobody there')
      this.peer = peer
      this.connections++
      return { send: (message: AgentToServer) => void this.#sent.push(message), close: () => void this.closed++ }
    }
    this.agent = new OpampAgent(this.node.options({ clock: this.clock, server, ...options }))
    t.after(() => this.agent.close())
  }

  async start(): Promise<AgentToServer[]> {
    this.agent.start()
    return await this.sent()
  }

  /** What the agent says since the last call. */
  async sent(): Promise<AgentToServer[]> {
    for (let i = 0; i < 4; i++) await turn()
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  /** Says something to the agent. Returns what it says to that. */
  async say(message: Partial<ServerToAgent>): Promise<AgentToServer[]> {
    this.peer?.send(answer(message))
    return await this.sent()
  }

  async pass(ms: number): Promise<AgentToServer[]> {
    this.clock.advance(ms)
    return await this.sent()
  }
}

export function answer(message: Partial<ServerToAgent>): ServerToAgent {
  return { instanceUid: new Uint8Array(0), flags: 0n, capabilities: 0n, ...message }
}

/** An offer of one file. */
export function offer(hash: string, body = `config ${hash}`): Partial<ServerToAgent> {
  const configMap = new Map([['streamgate.json', { body: Buffer.from(body), contentType: 'application/json' }]])
  return { remoteConfig: { config: { configMap }, configHash: new Uint8Array(Buffer.from(hash, 'hex')) } }
}

/** An agent of a server on the network, started. */
export function startAgent(t: Test, server: ServerAddress, rest: Partial<OpampAgentOptions> = {}) {
  const node = new FakeNode()
  const agent = new OpampAgent(node.options({ server, clock: systemClock, random: () => 0.01, ...rest }))
  t.after(() => agent.close())
  agent.start()
  return { node, agent }
}

/** The agent has had an answer. */
export async function untilConnected(agent: OpampAgent): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!agent.isConnected && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2))
  assert.ok(agent.isConnected)
}
