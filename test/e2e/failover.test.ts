/** Two controllers over one PostgreSQL, with a gateway at each: one is killed, and nobody but whoever was connected to it notices. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { GatewaySummary } from '#contract/fleet.ts'
import type { Savings } from '#contract/savings.ts'
import { Operator, runs } from '#test/support/operator.ts'
import { freshPostgres } from '#test/support/postgres.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { HttpSink } from '#test/support/sinks.ts'

const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const DROP_INFO = { id: 'drop_info', type: 'filter', params: { value: 'INFO' } }
const BUILT_IN = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
  pipelines: [{ id: 'default_pipeline', sources: ['tcp'], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
  control: { webhooks: { allow_private: true } },
}

/** What stands before controllers, such as a load balancer: it leads to one of them. */
class Forwarder implements AsyncDisposable {
  /** A port on this machine. */
  target: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((from) => {
      const to = connect(this.target, '127.0.0.1')
      for (const [socket, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.#sockets.add(socket)
        socket.pipe(other)
        socket.on('error', () => other.destroy())
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
      }
    })
  }

  static async open(target: number): Promise<Forwarder> {
    const forwarder = new Forwarder(target)
    forwarder.#server.listen(0, '127.0.0.1')
    await once(forwarder.#server, 'listening')
    return forwarder
  }

  get endpoint(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/opamp`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function documentOf(...processors: object[]): object {
  return { version: 2, pipelines: [{ id: 'default_pipeline', processors }] }
}

function portOf(address: string): number {
  return Number(new URL(address).port)
}

/** Sends lines, and gives those that come out. */
async function passed(node: Program, ...lines: string[]): Promise<string[]> {
  const before = node.lines.length
  const end = `WARN end ${before}`
  await node.sendTcp(`${[...lines, end].join('\n')}\n`)
  await node.until(() => node.lines.includes(end), 'the last line')
  return node.lines.slice(before, -1)
}

test('gateways outlive a controller, and the other one takes over', async (t) => {
  const url = await freshPostgres(t)
  if (url === undefined) return
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'streamgate.json')
  writeFileSync(file, JSON.stringify(BUILT_IN))
  await using receiver = await HttpSink.start()
  const env = { DATABASE_URL: url.reveal(), STREAMGATE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64') }
  const flags = ['--config', file]
  // Both at once: one of them makes the tables.
  const [first, second] = await Promise.all([
    Program.start('controller', { env, flags }),
    Program.start('controller', { env, flags }),
  ])
  await using _first = first
  await using _second = second
  const [here, there] = [new Operator(first.address('API')), new Operator(second.address('API'))]
  await using way = await Forwarder.open(portOf(first.address('OpAMP')))
  await using a = await Program.start('node', { flags: [...flags, '--opamp-endpoint', way.endpoint, '--node-id', 'a'] })
  const direct = second.address('OpAMP').replace('http', 'ws')
  await using b = await Program.start('node', { flags: [...flags, '--opamp-endpoint', direct, '--node-id', 'b'] })
  await here.must('POST', '/webhooks', {
    id: 'hook',
    name: 'hook',
    url: receiver.url,
    events: ['version.published'],
  })
  await here.untilGateways(2, ({ online }) => online, 'both gateways, wherever they are')
  const told = () => receiver.requests.map(({ headers }) => String(headers['webhook-id']))

  // Published here, and run there.
  const one = await here.publish(documentOf(DROP_DEBUG))
  for (const operator of [here, there]) await operator.untilGateways(2, runs(one), 'the first version everywhere')

  // Four who publish at once, here and there: one version comes of it, and both gateways run it.
  await there.draft(documentOf(DROP_DEBUG, DROP_INFO))
  const answers = await Promise.all(
    [here, there, here, there].map((operator) =>
      operator.must<{ version: { number: number }; changed: boolean }>('POST', '/configurations/default/publish', {}),
    ),
  )
  assert.deepEqual([...new Set(answers.map(({ version }) => version.number))], [2])
  assert.equal(answers.filter(({ changed }) => changed).length, 1)
  const before = await there.untilGateways(2, runs(2), 'the second version everywhere')
  for (const node of [a, b]) assert.deepEqual(await passed(node, 'DEBUG', 'INFO', 'ERROR'), ['ERROR'])
  const offersOf = async () =>
    await Promise.all(
      before.map(async ({ id }) => (await there.gateway(id)).attempts.reduce((sum, { offers }) => sum + offers, 0)),
    )
  const offers = await offersOf()

  await first.stop('SIGKILL')
  assert.deepEqual(await passed(a, 'DEBUG', 'ERROR'), ['ERROR'], 'the gateway goes on')
  way.target = portOf(second.address('OpAMP'))
  await a.until(() => a.stderr.split('the opamp server has answered').length === 3, 'the way to the other controller')
  const isBack = (gateway: GatewaySummary) => runs(2)(gateway) && gateway.connected_at !== null
  const after = await there.untilGateways(2, isBack, 'both gateways at one controller')
  assert.deepEqual(
    after.map(({ id }) => id),
    before.map(({ id }) => id),
  )
  assert.deepEqual(await offersOf(), offers, 'what runs already is not offered again')
  const three = await there.publish(documentOf())
  await there.untilGateways(2, runs(three), 'the third version')
  for (const node of [a, b]) assert.deepEqual(await passed(node, 'DEBUG', 'INFO'), ['DEBUG', 'INFO'])

  // The books of both gateways stand once in the ledger, whoever took them: three records with their end, then two, then two.
  const sum = 2 * 4 + 3 + 2 * 3
  let savings: Savings | undefined
  await second.until(async () => {
    savings = (await there.must<{ total: Savings }>('GET', '/savings')).total
    return savings.in.records >= sum
  }, 'the ledger')
  assert.equal(savings!.in.records, sum)
  assert.equal(savings!.saved.records, 2 * 2 + 1, 'two at each, and one more')

  // What was published is told once, although both look for what is to be told.
  await second.until(() => new Set(told()).size === three, 'the webhook of the last version')
  assert.equal(told().length, three)
  const { items } = await there.must<{ items: { attempts: number; state: string }[] }>('GET', '/webhook-deliveries')
  assert.deepEqual(
    items.map(({ attempts, state }) => `${state} ${attempts}`),
    Array.from({ length: three }, () => 'delivered 1'),
  )
  const { broken_at } = await there.must('GET', '/audit/verify')
  assert.equal(broken_at, null)
})
