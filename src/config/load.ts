/** Everything that a command needs to know: the file, the environment over it, and flags over both. */
import { hostname } from 'node:os'
import { resolve as resolvePath } from 'node:path'
import type { NodeLimits, NodePlan } from '#component/plan.ts'
import type { Registry } from '#component/registry.ts'
import { Secret } from '#std/secret.ts'
import { ConfigError, type Path, type Problem } from './problems.ts'
import { type ReadDocument, readFile } from './read.ts'
import { type Environment, resolveDocument } from './resolve.ts'
import type { Document } from './schema.ts'

/** What runs when nobody says anything. */
export const defaultDocument = {
  version: 2,
  sources: [
    { id: 'tcp', type: 'tcp', listen: '0.0.0.0:8081' },
    { id: 'udp', type: 'udp', listen: '0.0.0.0:8082' },
    { id: 'http', type: 'http', listen: '0.0.0.0:8080' },
  ],
  pipelines: [{ id: 'default_pipeline', sources: ['tcp', 'udp', 'http'], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
}

/** Values of flags, all as text; undefined where a flag was not given. */
export interface Flags {
  config?: string | undefined
  'data-dir'?: string | undefined
  'tcp-port'?: string | undefined
  'udp-port'?: string | undefined
  'http-port'?: string | undefined
  'admin-port'?: string | undefined
  'control-port'?: string | undefined
  'opamp-port'?: string | undefined
  'opamp-endpoint'?: string | undefined
  'redis-url'?: string | undefined
  'log-level'?: string | undefined
  'node-id'?: string | undefined
}

export interface Address {
  host: string
  port: number
}

export type RedisAddress = { url: string } | Address

export interface Settings {
  limits: NodeLimits
  admin: Address
  control: Address & ControlSettings
  opamp: Address & {
    auth: 'required' | 'open'
    tls: TlsFiles | undefined
    ownMetrics: { endpoint: string; headers: Record<string, Secret> } | undefined
  }
  /** Where this node takes its configuration from; undefined: from nobody over OpAMP. */
  controller: ControllerSettings | undefined
  /** Undefined when nobody has named a Redis. */
  redis: RedisAddress | undefined
  dataDir: string
  nodeId: string
  shutdownTimeoutMs: number
  logLevel: Document['log_level']
}

export interface TlsFiles {
  cert_file: string
  key_file: string
  client_ca_file?: string | undefined
}

export interface ControlSettings {
  auth: 'required' | 'open'
  tls: TlsFiles | undefined
  publicUrl: string | undefined
  trustedProxies: readonly string[]
  databaseUrl: Secret | undefined
  secretKey: Secret | undefined
  dashboard: boolean
  webhooksAllowPrivate: boolean
}

export interface ControllerSettings {
  endpoint: string
  token: Secret | undefined
  labels: Record<string, string>
  caFile: string | undefined
  certFile: string | undefined
  keyFile: string | undefined
}

export interface Loaded {
  plan: NodePlan
  /** The document as it was written, with flags and environment over it: what published documents are laid over. */
  value: unknown
  settings: Settings
  warnings: string[]
}

export const REDIS_DEFAULT: Address = { host: 'localhost', port: 6379 }
const DATA_DIR_DEFAULT = '.streamgate'

/** Throws `ConfigError` with everything that is wrong. */
export function loadConfig(flags: Flags, env: Environment, registry: Registry): Loaded {
  const read: ReadDocument =
    flags.config === undefined
      ? { source: 'built-in configuration', value: structuredClone(defaultDocument), placeOf: () => undefined }
      : readFile(flags.config)
  const overrides: Problem[] = []
  const value = applyOverrides(withFlow(read.value), flags, env, overrides)
  const { document, plan, problems, warnings } = resolveDocument(value, registry, env)
  const all = [...overrides, ...problems]
  if (document === undefined || plan === undefined || all.length > 0) {
    throw new ConfigError(all, read.source, (problem) =>
      overrides.includes(problem) ? undefined : read.placeOf(problem.path),
    )
  }
  const warningText = warnings.map(({ path, message }) => `${placeText(read, path)}: ${message}`)
  return { plan, value, settings: settingsOf(document, flags, env), warnings: warningText }
}

/** What moves records comes as a whole: a file that has none of it, such as a controller's, has what is built in. */
function withFlow(value: unknown): unknown {
  const { sources, pipelines, outputs } = defaultDocument
  const flow = structuredClone({ sources, pipelines, outputs })
  if (!isRecord(value) || Object.keys(flow).some((key) => key in value)) return value
  return { ...value, ...flow }
}

function placeText(read: ReadDocument, path: Path): string {
  const place = read.placeOf(path)
  return place === undefined ? read.source : `${read.source}:${place.line}:${place.column}`
}

const PORTS = [
  { source: 'tcp', flag: 'tcp-port', variable: 'TCP_PORT' },
  { source: 'udp', flag: 'udp-port', variable: 'UDP_PORT' },
  { source: 'http', flag: 'http-port', variable: 'HTTP_PORT' },
] as const

/** Flags win over the environment, and that over the file: both are written over the document before it is checked. */
function applyOverrides(value: unknown, flags: Flags, env: Environment, problems: Problem[]): unknown {
  if (!isRecord(value)) return value
  const document = { ...value }
  for (const { source, flag, variable } of PORTS) {
    const port = portFrom(flags[flag], `--${flag}`, env[variable], variable, problems)
    if (port === undefined || !Array.isArray(document['sources'])) continue
    document['sources'] = withPort(document['sources'], source, port)
  }
  const admin = portFrom(flags['admin-port'], '--admin-port', env['ADMIN_PORT'], 'ADMIN_PORT', problems)
  if (admin !== undefined) document['admin'] = listenOn(document['admin'], '127.0.0.1', admin)
  const control = portFrom(flags['control-port'], '--control-port', env['CONTROL_PORT'], 'CONTROL_PORT', problems)
  if (control !== undefined) document['control'] = listenOn(document['control'], '127.0.0.1', control)
  const opamp = portFrom(flags['opamp-port'], '--opamp-port', env['OPAMP_PORT'], 'OPAMP_PORT', problems)
  if (opamp !== undefined) document['opamp'] = listenOn(document['opamp'], '127.0.0.1', opamp)
  const endpoint = flags['opamp-endpoint'] ?? env['OPAMP_ENDPOINT']
  if (endpoint !== undefined && endpoint !== '') {
    const before = isRecord(document['controller']) ? document['controller'] : {}
    document['controller'] = { ...before, endpoint }
  }
  const level = flags['log-level'] ?? env['LOG_LEVEL']
  if (level !== undefined) document['log_level'] = level
  const id = flags['node-id'] ?? env['NODE_ID']
  if (id !== undefined) document['node_id'] = id
  return document
}

function portFrom(
  flag: string | undefined,
  flagName: string,
  variable: string | undefined,
  variableName: string,
  problems: Problem[],
): number | undefined {
  const [text, name] = flag === undefined ? [variable, variableName] : [flag, flagName]
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  problems.push({ code: 'SG_CONFIG_INVALID', path: [], message: `${name} must be a port, 0 to 65535, not "${text}"` })
  return undefined
}

/** Gives the port to the source of that name, or to the first of that type. */
function withPort(sources: unknown[], name: string, port: number): unknown[] {
  const named = sources.findIndex((source) => isRecord(source) && source['id'] === name && source['type'] === name)
  const at = named === -1 ? sources.findIndex((source) => isRecord(source) && source['type'] === name) : named
  return sources.map((source, i) => (i === at && isRecord(source) ? listenOn(source, '0.0.0.0', port) : source))
}

function listenOn(entry: unknown, defaultHost: string, port: number): Record<string, unknown> {
  const before = isRecord(entry) ? entry : {}
  const listen = typeof before['listen'] === 'string' ? before['listen'] : `${defaultHost}:0`
  return { ...before, listen: `${listen.slice(0, listen.lastIndexOf(':'))}:${port}` }
}

function settingsOf(document: Document, flags: Flags, env: Environment): Settings {
  return {
    limits: {
      engines: document.engines,
      intakeBytesMax: document.intake.max_bytes,
      intakeEntriesMax: document.intake.max_entries,
    },
    admin: addressOf(document.admin.listen),
    control: controlOf(document, env),
    opamp: { ...serverOf(document.opamp), ownMetrics: ownMetricsOf(document.opamp) },
    controller: controllerOf(document, env),
    redis: redisFrom(document, flags, env),
    dataDir: resolvePath(flags['data-dir'] ?? env['DATA_DIR'] ?? document.data_dir ?? DATA_DIR_DEFAULT),
    nodeId: document.node_id ?? hostname(),
    shutdownTimeoutMs: document.shutdown_timeout_ms,
    logLevel: document.log_level,
  }
}

/** On the loopback address only those who are on the machine come in; anywhere else they must say who they are. */
function serverOf<Entry extends Pick<Document['opamp'], 'listen' | 'auth' | 'tls'>>({ listen, auth, tls }: Entry) {
  const address = addressOf(listen)
  const isLoopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(address.host)
  return { ...address, auth: auth ?? (isLoopback ? ('open' as const) : ('required' as const)), tls }
}

function ownMetricsOf({ own_metrics: wanted }: Document['opamp']): Settings['opamp']['ownMetrics'] {
  if (wanted === undefined) return undefined
  const headers = Object.entries(wanted.headers).map(([name, value]) => [name, new Secret(value)])
  return { endpoint: wanted.endpoint, headers: Object.fromEntries(headers) }
}

function controlOf({ control }: Document, env: Environment): Settings['control'] {
  const databaseUrl = env['DATABASE_URL'] || control.database_url
  const secretKey = env['STREAMGATE_SECRET_KEY'] || control.secret_key
  return {
    ...serverOf(control),
    publicUrl: control.public_url,
    trustedProxies: control.trusted_proxies,
    databaseUrl: databaseUrl === undefined ? undefined : new Secret(databaseUrl),
    secretKey: secretKey === undefined ? undefined : new Secret(secretKey),
    dashboard: control.dashboard,
    webhooksAllowPrivate: control.webhooks.allow_private,
  }
}

function controllerOf({ controller }: Document, env: Environment): ControllerSettings | undefined {
  if (controller === undefined) return undefined
  const token = env['OPAMP_TOKEN'] || controller.token
  return {
    endpoint: controller.endpoint,
    token: token === undefined ? undefined : new Secret(token),
    labels: controller.labels,
    caFile: controller.ca_file,
    certFile: controller.cert_file,
    keyFile: controller.key_file,
  }
}

function redisFrom(document: Document, flags: Flags, env: Environment): RedisAddress | undefined {
  const url = flags['redis-url'] ?? env['REDIS_URL']
  if (url !== undefined && url !== '') return { url }
  if (env['REDIS_HOST'] !== undefined && env['REDIS_HOST'] !== '') {
    return { host: env['REDIS_HOST'], port: Number(env['REDIS_PORT'] ?? document.redis?.port ?? REDIS_DEFAULT.port) }
  }
  const { redis } = document
  if (redis === undefined) return undefined
  if (redis.url !== undefined) return { url: redis.url }
  const port = env['REDIS_PORT'] === undefined ? redis.port : Number(env['REDIS_PORT'])
  return { host: redis.host ?? REDIS_DEFAULT.host, port: port ?? REDIS_DEFAULT.port }
}

export function addressOf(listen: string): Address {
  const colon = listen.lastIndexOf(':')
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
