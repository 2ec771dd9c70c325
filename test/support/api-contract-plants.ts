/** What comes into a store from gateways and from time, and not through the API. */
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeHealth } from '#agent/health.ts'
import { Link } from '#agent/link.ts'
import type { MemoryConnection, MemoryPeer } from '#agent/memory.ts'
import { AgentCapability } from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { customTypes, NODE_CAPABILITY } from '#contract/fleet.ts'
import { type AgentPrincipal, openAgent } from '#control/fleet/credentials.ts'
import type { Fleet } from '#control/fleet/fleet.ts'
import type { Database } from '#control/store/database.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import { silentLogger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import { uuidv7 } from '#std/uuid.ts'
import { FakeAgent, USUAL_CAPABILITIES } from './fake-agent.ts'
import { exampleStats } from './stats-fixture.ts'

const GATEWAYS = 3
const PATIENCE_MS = 20_000
const NOW = Date.UTC(2026, 0, 1)

/** Gateways that were there and have gone. Those of the process are the default organisation's; the other gets copies. */
export async function plantGateways(fleet: Fleet, { db }: Database): Promise<void> {
  for (let i = 0; i < GATEWAYS; i++) {
    const capabilities = USUAL_CAPABILITIES | AgentCapability.acceptsRestartCommand
    const agent = new FakeAgent({ uid: uuidv7(NOW), capabilities })
    await speaking(fleet, async (say) => {
      while (agent.isEager) agent.receive(await say(agent.next()))
      await say({ ...agent.next(), ...booksOf(i) })
    })
  }
  await fleet.flush()
  for (const row of await db.selectFrom('gateways').selectAll().execute())
    await db
      .insertInto('gateways')
      .values({ ...row, org_id: 'other', uid: uuidv7(NOW) })
      .execute()
}

/** A gateway that is there, and has kept something: a real agent in front of no engine. */
export function plantLiveGateway(
  fleet: Fleet,
  clock: Clock,
  org: string,
  mark: string,
  kept: () => KeptRecords | undefined = () => keptRecords,
): Link {
  const link = new Link({
    server: (peer) => connectionOf(fleet, { ...openAgent, org }, peer),
    description: { version: '1.2.3', id: `${mark}-host` },
    dataDir: undefined,
    clock,
    random: () => 0.5,
    log: silentLogger,
    node: {
      apply: async () => ({ status: 'applied' }),
      effectiveConfig: () => new Map(),
      stats: exampleStats,
      health: () => nodeHealth(exampleStats(), clock.wall()),
      samples: () => [],
      tap: () => ({ stop: () => undefined }),
      kept,
      restart: () => undefined,
    },
  })
  link.start()
  return link
}

/** As `MemoryConnection`, for any organisation. */
function connectionOf(fleet: Fleet, principal: AgentPrincipal, peer: MemoryPeer): MemoryConnection {
  const connection = {
    transport: 'memory' as const,
    principal,
    endpoint: undefined,
    isOpen: true,
    send: (message: ServerToAgent) => peer.send(message),
    probe: async () => true,
    close: (reason: string) => {
      connection.isOpen = false
      peer.closed(reason)
    },
  }
  return {
    send: (message) => void fleet.receive(connection, message).then((reply) => peer.send(reply)),
    close: () => {
      connection.isOpen = false
      fleet.disconnected(connection)
    },
  }
}

const letters = [1, 2, 3].map((id) => ({
  id,
  output: 'dd',
  kind: 'datadog.event_json',
  at: NOW,
  code: 'http_400',
  message: 'the server answered 400',
  bytes: 2,
}))
const drops = [3, 2, 1].map((i) => ({ id: `${i}.0`, pipeline: 'main', rule: 'no_debug', at: NOW, text: `DEBUG ${i}` }))

/** Always the same, whatever is done with it: repeats are to be seen in answers, not in what is kept. */
export const keptRecords: KeptRecords = {
  deadLetterSummary: () => [{ output: 'dd', code: 'http_400', records: 3, bytes: 6, oldest: NOW, newest: NOW }],
  listDeadLetters: ({ ids, after = 0 }, limit, whole) =>
    letters
      .filter(({ id }) => id > after && (ids?.includes(id) ?? true))
      .slice(0, limit)
      .map((letter) => (whole ? { ...letter, text: '{}' } : letter)),
  countDeadLetters: () => letters.length,
  dropDeadLetters: () => letters.length,
  replayDeadLetters: async () => ({ replayed: letters.length, skipped: 0 }),
  droppedSummary: () => [{ pipeline: 'main', rule: 'no_debug', records: 3, bytes: 21, oldest: NOW, newest: NOW }],
  listDropped: ({ before }, limit) => drops.filter(({ id }) => before === undefined || id < before).slice(0, limit),
  countDropped: () => drops.length,
  replayDropped: async () => ({ replayed: drops.length, skipped: 0 }),
}

/** A connection within the process: what is said gets an answer. */
async function speaking(
  fleet: Fleet,
  talk: (say: (message: AgentToServer) => Promise<ServerToAgent>) => Promise<void>,
): Promise<void> {
  let heard: (message: ServerToAgent) => void = () => undefined
  const connection = fleet.connect({ send: (message) => heard(message), closed: () => undefined })
  await talk((message) => {
    const { promise, resolve } = Promise.withResolvers<ServerToAgent>()
    heard = resolve
    connection.send(message)
    return promise
  })
  connection.close()
}

/** Resolves when the gateway can be asked. */
export async function answering(fleet: Fleet, org: string, { instanceUid }: Link): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while ((await fleet.kept.ask(org, instanceUid, 'dead_letters_summary', {}, PATIENCE_MS)).refused !== undefined) {
    if (Date.now() > deadline) throw new Error('the gateway has not come')
    await sleep(5)
  }
  await fleet.flush()
}

/** Resolves when the books that gateways have told are in the store. */
export async function writtenBooks({ db }: Database): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while ((await db.selectFrom('series_pipelines').selectAll().limit(1).execute()).length === 0) {
    if (Date.now() > deadline) throw new Error('the books of the gateways have not come into the store')
    await sleep(5)
  }
}

/** What the node has counted, as it tells it every ten seconds. */
function booksOf(i: number) {
  const data = Buffer.from(JSON.stringify({ ...exampleStats(), id: `node-${i}` }))
  return {
    customCapabilities: { capabilities: [NODE_CAPABILITY] },
    customMessage: { capability: NODE_CAPABILITY, type: customTypes.stats, data },
  }
}

/** Events of an alert rule, and a delivery that has come to its end. */
export async function plantEvents({ db }: Database, org_id: string, mark: string): Promise<void> {
  for (let i = 1; i <= GATEWAYS; i++)
    await db
      .insertInto('alert_events')
      .values({
        org_id,
        id: uuidv7(NOW + i),
        rule: `${mark}-alert-1`,
        rule_name: mark,
        kind: 'volume',
        severity: 'warning',
        cause: 'condition',
        value: 7,
        subjects: '[]',
        started_at: NOW + i,
        resolved_at: i === 1 ? NOW + 60_000 : null,
        resolved_by: i === 1 ? 'condition' : null,
        notified: 1,
        acknowledged_at: null,
        acknowledged_by: null,
        acknowledged_note: null,
      })
      .execute()
}
