/** A controller and two nodes, each a process of its own, over OpAMP: how gateways join, are told, fail, and are taken away. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Gateway, GatewaySummary } from '#contract/fleet.ts'
import { Operator, runs } from '#test/support/operator.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { freePort } from '#test/support/redis.ts'
import { HttpSink } from '#test/support/sinks.ts'

const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const REDACT_SSN = {
  id: 'redact_ssn',
  type: 'redact',
  params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX' },
  required: true,
}

/** A second pipeline with a source of its own, at this port. */
function documentOf(processors: object[], port?: number): object {
  const pipelines: object[] = [{ id: 'default_pipeline', processors }]
  if (port === undefined) return { version: 2, pipelines }
  pipelines.push({ id: 'second_pipeline', sources: ['second'], outputs: ['console'] })
  return { version: 2, sources: [{ id: 'second', type: 'tcp', listen: `127.0.0.1:${port}` }], pipelines }
}

/** A controller whose gateways must say who they are, always at the same two ports. */
class Site implements AsyncDisposable {
  readonly folder = temporaryFolder()
  readonly #ports: { control: number; opamp: number }
  readonly #programs: Program[] = []
  controller!: Program
  operator!: Operator

  private constructor(ports: { control: number; opamp: number }) {
    this.#ports = ports
  }

  static async open(): Promise<Site> {
    const site = new Site({ control: await freePort(), opamp: await freePort() })
    await site.startController()
    return site
  }

  async startController(): Promise<void> {
    const file = join(this.folder, 'controller.json')
    const dataDir = join(this.folder, 'controller')
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(file, JSON.stringify({ ...builtIn, opamp: { auth: 'required' } }))
    const { control, opamp } = this.#ports
    const flags = ['--config', file, '--control-port', String(control), '--opamp-port', String(opamp)]
    this.controller = await this.#start('controller', { flags, dataDir })
    this.operator = new Operator(this.controller.address('API'))
  }

  /** `token`: undefined when it has a credential already. */
  async startNode(id: string, token: string | undefined, scheme = 'ws'): Promise<Program> {
    const dataDir = join(this.folder, id)
    mkdirSync(dataDir, { recursive: true })
    const endpoint = `${scheme}://127.0.0.1:${this.#ports.opamp}/v1/opamp`
    const flags = ['--config', this.fileOf(id), '--opamp-endpoint', endpoint, '--node-id', id]
    return await this.#start('node', {
      flags,
      dataDir,
      ...(token === undefined ? {} : { env: { OPAMP_TOKEN: token } }),
    })
  }

  /** The node's own configuration file, made when it is not there. */
  fileOf(id: string): string {
    const file = join(this.folder, `${id}.json`)
    try {
      statSync(file)
    } catch {
      writeFileSync(file, JSON.stringify(builtIn))
    }
    return file
  }

  /** Ends all programs; what they have written stays. */
  async closeAll(): Promise<void> {
    for (const program of this.#programs) if (!program.ended) await program.stop()
  }

  /** Where a text stands, in what programs have kept or said. */
  filesWith(text: string): string[] {
    const files = readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
    const kept = files.filter((file) => {
      const path = join(this.folder, file)
      return statSync(path).isFile() && readFileSync(path).includes(text)
    })
    return [...kept, ...this.#programs.filter(({ stdout, stderr }) => (stdout + stderr).includes(text)).map(String)]
  }

  async #start(command: 'controller' | 'node', options: object): Promise<Program> {
    const program = await Program.start(command, options)
    this.#programs.push(program)
    return program
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const builtIn = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
  pipelines: [{ id: 'default_pipeline', sources: ['tcp'], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
}

async function tokenOf(operator: Operator, uses = 1): Promise<string> {
  const { token } = await operator.must<{ token: string }>('POST', '/registration-tokens', {
    name: 'test',
    uses_max: uses,
  })
  return token
}

/** Everything that a line gives at a node. */
async function passed(node: Program, ...lines: string[]): Promise<string[]> {
  const before = node.lines.length
  const end = `INFO end ${Math.random()}`
  await node.sendTcp(`${[...lines, end].join('\n')}\n`)
  await node.until(() => node.lines.includes(end), 'the last line')
  return node.lines.slice(before, node.lines.indexOf(end))
}

async function busyPort(t: TestContext): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return {
    port,
    async free() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** By what the node calls itself. */
async function gatewayOf(operator: Operator, node: string): Promise<Gateway> {
  for (const { id } of await operator.gateways()) {
    const gateway = await operator.gateway(id)
    if (gateway.description.identifying['service.instance.id'] === node) return gateway
  }
  throw new Error(`there is no gateway of the node ${node}`)
}

function refused({ online, drift, states: { reported } }: GatewaySummary): boolean {
  return online && drift === 'failed' && reported?.status === 'failed'
}

// Side by side: most of it is waiting.
describe('a fleet of processes', { concurrency: true }, () => {
  test('two gateways join by a token, run what is published, and refuse what does not work', async (t) => {
    await using site = await Site.open()
    const { operator } = site
    const token = await tokenOf(operator, 2)
    const a = await site.startNode('a', token)
    const b = await site.startNode('b', token)
    const first = await operator.publish(documentOf([DROP_DEBUG]))
    const joined = await operator.untilGateways(2, runs(first), 'both gateways at the first version')
    const ids = joined.map(({ id }) => id)
    for (const node of [a, b]) assert.deepEqual(await passed(node, 'DEBUG x', 'INFO y'), ['INFO y'])

    const busy = await busyPort(t)
    const second = await operator.publish(documentOf([DROP_DEBUG, REDACT_SSN], busy.port))
    for (const { id, states, in_sync } of await operator.untilGateways(2, refused, 'both gateways to refuse')) {
      assert.equal(in_sync, false)
      assert.match(states.reported!.error, new RegExp(`${busy.port} \\(EADDRINUSE\\)`))
      assert.equal(states.desired?.version, second)
      const { attempts } = await operator.gateway(id)
      assert.partialDeepStrictEqual(attempts[0], { version: second, result: 'failed', blocked: true, offers: 1 })
    }
    for (const node of [a, b])
      assert.deepEqual(await passed(node, 'DEBUG x', 'INFO 123-45-6789'), ['INFO 123-45-6789'], 'the old one runs')

    // Neither the controller's restart nor the node's makes it be offered again.
    await site.controller.stop('SIGKILL')
    await a.stop('SIGKILL')
    await site.startController()
    const again = await site.startNode('a', undefined)
    await again.until(() => again.stderr.includes('the opamp server has answered'), 'the link')
    await operator.untilGateways(2, refused, 'both gateways to be back')
    for (const id of ids) assert.equal((await operator.gateway(id)).attempts[0]?.offers, 1)
    assert.deepEqual(await passed(again, 'DEBUG x', 'INFO 123-45-6789'), ['INFO 123-45-6789'])

    await busy.free()
    const { id } = await gatewayOf(operator, 'a')
    await operator.must('POST', `/gateways/${id}/retry`)
    await again.until(async () => runs(second)(await operator.gateway(id)), 'another try')
    assert.deepEqual(await passed(again, 'DEBUG x', 'INFO 123-45-6789'), ['INFO XXX'])
    assert.equal((await operator.ask('POST', `/gateways/${id}/retry`)).status, 409, 'there is nothing to try again')
    const third = await operator.publish(documentOf([REDACT_SSN]))
    await operator.untilGateways(2, runs(third), 'both gateways at the third version')
    for (const node of [again, b]) assert.deepEqual(await passed(node, 'DEBUG 123-45-6789'), ['DEBUG XXX'])
  })

  test('a gateway starts from what it was given last, is restarted and revoked, and says what its own file changes', async (_t) => {
    await using site = await Site.open()
    await using vendor = await HttpSink.start()
    const { operator } = site
    let node = await site.startNode('c', await tokenOf(operator))
    await operator.must('PUT', '/secrets/vendor_key', { value: 'hunter2-first' })
    const document = {
      version: 2,
      pipelines: [{ id: 'default_pipeline', processors: [REDACT_SSN], outputs: ['vendor'] }],
      outputs: [
        { id: 'vendor', type: 'http', url: vendor.url, headers: { authorization: 'Bearer ${secret:vendor_key}' } },
      ],
    }
    const first = await operator.publish(document)
    const [{ id }] = (await operator.untilGateways(1, runs(first), 'the version with a secret')) as [GatewaySummary]
    const sent = async (text: string, key: string) => {
      await node.sendTcp(`${text} 123-45-6789\n`)
      await node.until(() => vendor.requests.some(({ body }) => body.includes(text)), `"${text}" at the vendor`)
      const { body, headers } = vendor.requests.find((request) => request.body.includes(text))!
      assert.equal(body, `${text} XXX`)
      assert.equal(headers.authorization, `Bearer ${key}`)
    }
    await sent('one', 'hunter2-first')

    // Nobody is there to ask, and neither had the time to say goodbye.
    const { offers } = (await operator.gateway(id)).attempts[0]!
    await site.controller.stop('SIGKILL')
    await node.stop('SIGKILL')
    node = await site.startNode('c', undefined)
    await sent('two', 'hunter2-first')
    await site.startController()
    await operator.untilGateways(1, runs(first), 'the gateway to be back')
    assert.equal((await operator.gateway(id)).attempts[0]?.offers, offers, 'what runs already is not offered again')

    const before = (await operator.gateway(id)).states.desired!.hash
    await operator.must('PUT', '/secrets/vendor_key', { value: 'hunter2-second' })
    const hasAnother = (gateway: GatewaySummary) => runs(first)(gateway) && gateway.states.reported!.hash !== before
    await operator.untilGateways(1, hasAnother, 'the other value')
    await sent('three', 'hunter2-second')

    // The same process begins anew.
    const { pid } = node
    await operator.must('POST', `/gateways/${id}/restart`)
    await node.until(() => node.stderr.split('  data ').length === 3, 'the second banner')
    await operator.untilGateways(1, runs(first), 'the gateway to be back')
    assert.equal(node.pid, pid)
    assert.partialDeepStrictEqual(await operator.gateway(id), { restarts: 2, restart_requested_at: null })
    await sent('four', 'hunter2-second')

    // Its own file adds what nobody has published. All that was published runs, so that is no drift, but it shows.
    const { effective } = (await operator.gateway(id)).states
    const keep = { id: 'kept', sources: ['tcp'], outputs: ['console'] }
    writeFileSync(site.fileOf('c'), JSON.stringify({ ...builtIn, pipelines: [...builtIn.pipelines, keep] }))
    node.signal('SIGHUP')
    const isOther = (gateway: GatewaySummary) => gateway.states.effective?.hash !== effective?.hash
    const [changed] = await operator.untilGateways(1, isOther, 'the change to be told')
    assert.ok(runs(first)(changed!))
    const shown = (await operator.gateway(id)).effective_config?.['effective.json']?.body ?? ''
    assert.match(shown, /"kept"/)
    assert.doesNotMatch(shown, /hunter2/)
    await sent('five', 'hunter2-second')
    assert.ok(node.lines.includes('five 123-45-6789'), 'the pipeline of its own')

    await operator.must('POST', `/gateways/${id}/revoke`)
    const [revoked] = await operator.untilGateways(1, ({ online }) => !online, 'the gateway to be cut off')
    assert.equal(revoked?.drift, 'unreachable')
    assert.equal((await operator.gateway(id)).credential, 'revoked')
    await sent('six', 'hunter2-second')
    const bare = { version: 2, pipelines: [{ id: 'default_pipeline', processors: [] }] }
    const last = await operator.publish(bare)
    await node.stop('SIGKILL')
    node = await site.startNode('c', undefined)
    await node.until(() => node.stderr.includes('status 401'), 'the refusal')
    await sent('seven', 'hunter2-second')
    const kept = join('c', 'last-good.json')
    assert.deepEqual(site.filesWith('hunter2'), [kept], 'nowhere but where the node needs it')
    assert.equal(statSync(join(site.folder, kept)).mode & 0o077, 0)

    // Another token alone does not make it trusted again: somebody has to forget what it was.
    await node.stop('SIGKILL')
    const token = await tokenOf(operator)
    node = await site.startNode('c', token)
    await node.until(() => node.stderr.includes('forget the gateway at the controller'), 'the advice')
    assert.match((await operator.gateway(id)).note?.text ?? '', /another credential/)
    await node.stop('SIGKILL')
    await operator.change('DELETE', `/gateways/${id}`)
    node = await site.startNode('c', token)
    await operator.untilGateways(1, runs(last), 'the gateway with its new token')
    assert.ok((await passed(node, 'eight 123-45-6789')).includes('eight 123-45-6789'), 'nothing redacts any more')
    await site.closeAll()
    assert.deepEqual(site.filesWith('hunter2'), [], 'what needs no secret leaves none behind')
  })
})
