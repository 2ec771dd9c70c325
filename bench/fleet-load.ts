/**
 * Simulated agents over WebSockets, as a process of its own so that its CPU is not counted:
 * `fleet-load.ts OPAMP_PORT CONTROL_PORT AGENTS HEARTBEATS SECONDS`. It prints a line of JSON after each step (all connected, all
 * heartbeats answered, a publication applied by all) and goes on when it reads a line.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { encodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { framed, unframed } from '#codecs/opamp/frame.ts'
import { decodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import { uuidText, uuidv7Bytes } from '#std/uuid.ts'
import { FakeAgent } from '#test/support/fake-agent.ts'

const [opampPort, controlPort, agentsMax, heartbeats, seconds] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
/** So many connect in so many milliseconds: below what a controller takes. */
const CONNECTS_AT_ONCE = 50
const CONNECTS_MS = 125

class Client {
  readonly agent = new FakeAgent({ uid: uuidText(uuidv7Bytes(Date.now())) })
  readonly #socket = new WebSocket(`ws://127.0.0.1:${opampPort}/v1/opamp`)
  answers = 0
  appliedAt = 0

  async open(): Promise<void> {
    this.#socket.on('message', (data: Buffer) => this.#heard(data))
    await once(this.#socket, 'open')
    this.send()
  }

  send(): void {
    this.#socket.send(framed(encodeAgentToServer(this.agent.next())))
  }

  #heard(data: Buffer): void {
    const decoded = decodeServerToAgent(unframed(data)!)
    if (!decoded.ok) throw new Error('the server has sent what is no message')
    this.answers++
    const before = this.agent.running
    this.agent.receive(decoded.message)
    while (this.agent.isEager) this.send()
    if (this.agent.running !== before) this.appliedAt = performance.now()
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
async function step(result: object): Promise<void> {
  console.log(JSON.stringify(result))
  await lines.next()
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(5)
}

const clients: Client[] = []
for (let groupAt = performance.now(); clients.length < agentsMax; groupAt = performance.now()) {
  for (let i = 0; i < CONNECTS_AT_ONCE && clients.length < agentsMax; i++) {
    const client = new Client()
    clients.push(client)
    await client.open()
  }
  await sleep(CONNECTS_MS - (performance.now() - groupAt))
}
await until(() => clients.every(({ answers }) => answers > 0))
await sleep(1000)
await step({ agents: clients.length })

const startedAt = performance.now()
const before = clients.map(({ answers }) => answers)
for (let sent = 0; sent < heartbeats; ) {
  const due = Math.min(heartbeats, Math.floor(((performance.now() - startedAt) / 1000 / seconds) * heartbeats))
  for (; sent < due; sent++) clients[sent % clients.length]!.send()
  await sleep(5)
}
const each = Math.floor(heartbeats / clients.length)
await until(() => clients.every(({ answers }, i) => answers - before[i]! >= each))
await step({ heartbeats })

const rule = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const post = async (path: string, body: object) => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`http://127.0.0.1:${controlPort}/api/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
}
await post('/rules', rule)
const publishedAt = performance.now()
await post('/publish', {})
const answeredMs = performance.now() - publishedAt
await until(() => clients.every(({ appliedAt }) => appliedAt > 0))
const times = clients.map(({ appliedAt }) => appliedAt - publishedAt).sort((a, b) => a - b)
await step({ answeredMs, p50Ms: times[times.length >> 1], lastMs: times.at(-1) })
process.exit(0)
