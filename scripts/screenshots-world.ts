/**
 * A small company for the pictures: two gateways, four vendors of which one is away and one refuses some batches, rules that were
 * published one after the other, people, prices, alerts, and log lines that go on for as long as it lives. All of it is the real
 * product, told over its API what users would tell it.
 */
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { Operator } from '#test/support/operator.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { HttpSink } from '#test/support/sinks.ts'

export const OWNER = { email: 'ada@example.com', password: 'a loom with punched cards' }
const LINES = shopTraffic({ seed: 6, records: 20_000 })
const TICK_MS = 100
/** Lines in a tick: a slow wave between half and one and a half times this. */
const LINES_OF_TICK = 30
const WAVE_MS = 240_000
/** What the search cluster has no field for. */
const UNINDEXABLE = '"level":"fatal"'

export interface World extends AsyncDisposable {
  ui: string
  api: Operator
  /** Lets so much time go by, while lines flow. */
  pass(ms: number): Promise<void>
}

export async function startWorld(): Promise<World> {
  const stack = new AsyncDisposableStack()
  const folder = temporaryFolder()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const [loki, archive, search] = await Promise.all([HttpSink.start(), HttpSink.start(), startSearch()])
  for (const sink of [loki, archive, search]) stack.use(sink)
  const file = join(folder, 'streamgate.json')
  writeFileSync(file, JSON.stringify(configFile()))
  const up = stack.use(
    await Program.start('up', { flags: ['--config', file, '--node-id', 'fra-1', '--log-level', 'error'] }),
  )
  const api = await ownerOf(up)
  const node = await joinNode(api, up, file)
  stack.use(node)
  const stop = sendLines([up, node])
  stack.defer(stop)
  await tell(api, { loki: loki.url, archive: archive.url, search: search.url })
  return {
    ui: up.address('dashboard'),
    api,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function configFile() {
  return {
    version: 2,
    sources: [
      { id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' },
      { id: 'http', type: 'http', listen: '127.0.0.1:0' },
    ],
    pipelines: [{ id: 'default_pipeline', sources: ['tcp', 'http'], outputs: ['console'] }],
    outputs: [{ id: 'console', type: 'console' }],
    control: { auth: 'required' },
  }
}

/** The first owner, as the link in the banner makes them, with a key for all that follows. */
async function ownerOf(up: Program): Promise<Operator> {
  const token = /setup#token=(\S+)/.exec(up.stderr)?.[1]
  const first = new Operator(up.address('API'))
  const login = await first.ask<{ csrf_token: string }>('POST', '/setup', { token, ...OWNER })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const session = new Operator(up.address('API'), { cookie, 'x-csrf-token': login.body.csrf_token })
  const { key } = await session.must<{ key: string }>('POST', '/keys', { name: 'deploys', role: 'owner', grants: [] })
  return new Operator(up.address('API'), { authorization: `Bearer ${key}` })
}

async function joinNode(api: Operator, up: Program, file: string): Promise<Program> {
  const body = { name: 'frankfurt', labels: { region: 'eu-central' } }
  const { token } = await api.must<{ token: string }>('POST', '/registration-tokens', body)
  const flags = [
    '--config',
    file,
    '--node-id',
    'fra-2',
    '--log-level',
    'error',
    '--opamp-endpoint',
    up.address('OpAMP'),
  ]
  const node = await Program.start('node', { flags, env: { OPAMP_TOKEN: token } })
  await api.untilGateways(2, ({ online }) => online, 'both gateways')
  return node
}

/** Refuses whole batches for one record in them, as some do. */
async function startSearch(): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      response.statusCode = body.includes(UNINDEXABLE) ? 400 : 200
      response.end(response.statusCode === 400 ? '{"error":"mapper_parsing_exception"}' : '')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Returns what ends it. */
function sendLines(gateways: readonly Program[]): () => void {
  const sockets = gateways.map((gateway): Socket => {
    const socket = connect(Number(new URL(gateway.address('tcp')).port), '127.0.0.1')
    socket.on('error', () => undefined).resume()
    return socket
  })
  const startedAt = Date.now()
  let line = 0
  const timer = setInterval(() => {
    const wave = 1 + Math.sin(((Date.now() - startedAt) / WAVE_MS) * 2 * Math.PI) / 2
    for (const [index, socket] of sockets.entries()) {
      const count = Math.round((LINES_OF_TICK * wave) / (index + 1))
      const lines = Array.from({ length: count }, () => stamped(LINES[line++ % LINES.length]!))
      socket.write(`${lines.join('\n')}\n`)
    }
  }, TICK_MS)
  return () => {
    clearInterval(timer)
    for (const socket of sockets) socket.destroy()
  }
}

/** As if it were written now. */
function stamped(line: string): string {
  return line.replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/, new Date().toISOString())
}

async function tell(api: Operator, vendors: { loki: string; archive: string; search: string }): Promise<void> {
  const outputs = [
    { id: 'loki', type: 'loki', url: vendors.loki },
    {
      id: 'archive',
      type: 'http',
      url: `${vendors.archive}/archive`,
      headers: { authorization: 'Bearer kept-to-ourselves' },
    },
    { id: 'search', type: 'http', url: `${vendors.search}/ingest` },
    // Nobody listens there.
    { id: 'siem', type: 'http', url: 'http://127.0.0.1:9/siem' },
  ]
  const rules: object[] = []
  const publish = async (message: string, ...added: object[]) => {
    rules.push(...added)
    const pipeline = { id: 'default_pipeline', processors: rules, outputs: outputs.map(({ id }) => id) }
    await api.draft({ version: 2, pipelines: [pipeline], outputs })
    await api.must('POST', '/configurations/default/publish', { message })
  }
  await publish('To the vendors')
  await publish('Health checks of the load balancer', {
    id: 'drop_health',
    type: 'filter',
    params: { value: 'GET /healthz' },
  })
  await publish(
    'No cards and addresses to vendors',
    { id: 'redact_cards', type: 'redact', params: { builtin: 'credit_card' } },
    { id: 'redact_mail', type: 'redact', params: { builtin: 'email' } },
  )
  await publish('DEBUG of the cart is read by nobody', {
    id: 'drop_cart_debug',
    type: 'filter',
    params: { value: 'debug' },
    when: { all: [{ field: 'service', equals: 'cart' }] },
  })
  await publish('A tenth of search will do', {
    id: 'sample_search',
    type: 'sample',
    params: { keep_ratio: 0.1 },
    when: { field: 'service', equals: 'search' },
  })
  const since = '2026-01-01'
  await api.must('POST', '/prices', { output: 'loki', currency: 'USD', per_gb: 0.5, since, note: 'List price' })
  await api.must('POST', '/prices', { output: 'search', currency: 'USD', per_gb: 2.5, since })
  await api.must('POST', '/prices', { output: 'siem', currency: 'EUR', per_gb: 4.3, since })
  for (const [email, role] of [
    ['grace@example.com', 'editor'],
    ['edsger@example.com', 'operator'],
    ['radia@example.com', 'viewer'],
  ])
    await api.must('POST', '/users', { email, role, grants: [] })
  await api.must('POST', '/keys', { name: 'ci', role: 'editor', grants: ['publish'] })
  await api.must('PUT', '/secrets/siem_key', { value: 'kept-to-ourselves' })
  await api.must('POST', '/webhooks', {
    id: 'on_call',
    name: 'On call',
    kind: 'standard',
    url: 'https://alerts.example.com/hook',
    events: ['alert.*'],
  })
  const alert = { for_minutes: 1, resolve_minutes: 5 }
  await api.must('POST', '/alerts/rules', {
    id: 'refused',
    name: 'Records refused for good',
    condition: { kind: 'dead_letters', more_than: 0 },
    severity: 'warning',
    ...alert,
  })
  await api.must('POST', '/alerts/rules', {
    id: 'bypass',
    name: 'Rules are bypassed',
    condition: { kind: 'bypass' },
    severity: 'critical',
    ...alert,
  })
  await api.must('POST', '/alerts/rules', {
    id: 'spool',
    name: 'A vendor falls behind',
    condition: { kind: 'spool_growth', growing_minutes: 2 },
    severity: 'warning',
    ...alert,
  })
}

/** What stands in the draft for the screens that show changes. */
export async function editDraft(api: Operator): Promise<void> {
  await api.must('POST', '/configurations/default/pipelines/default_pipeline/processors', {
    id: 'drop_debug',
    type: 'attribute_filter',
    params: { attribute: 'level', equals: 'debug' },
  })
}
