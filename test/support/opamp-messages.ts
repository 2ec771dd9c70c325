/** OpAMP messages of all kinds, for properties; every member may be there or not. */
import fc from 'fast-check'
import type {
  AgentConfigMap,
  AgentToServer,
  AnyValue,
  ComponentDetails,
  ComponentHealth,
  Headers,
  KeyValue,
  ServerToAgent,
  TelemetryConnectionSettings,
} from '#codecs/opamp/messages.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const bytes = fc.uint8Array({ maxLength: 40 })
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const status = fc.integer({ min: 0, max: 4 })

function few<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(arbitrary, { maxLength: 3 })
}

function named<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> {
  return few(fc.tuple(text, arbitrary)).map((entries) => new Map(entries))
}

/** Optional members are absent, not undefined, where they are left out. */
function record<T extends object>(required: Required<Arbitraries<T>>, optional: Optionals<T>): fc.Arbitrary<T> {
  const model = { ...required, ...optional }
  return fc.record(model as never, { requiredKeys: Object.keys(required) as never, noNullPrototype: true }) as never
}
type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T]
type Arbitraries<T> = { [K in RequiredKeys<T>]: fc.Arbitrary<T[K]> }
type Optionals<T> = { [K in Exclude<keyof T, RequiredKeys<T>>]-?: fc.Arbitrary<NonNullable<T[K]>> }

const values = fc.letrec<{ value: AnyValue; pair: KeyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<AnyValue>({ kind: 'none' }),
    text.map((value): AnyValue => ({ kind: 'string', value })),
    fc.boolean().map((value): AnyValue => ({ kind: 'bool', value })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): AnyValue => ({ kind: 'int', value })),
    fc.double({ noNaN: true }).map((value): AnyValue => ({ kind: 'double', value })),
    bytes.map((value): AnyValue => ({ kind: 'bytes', value })),
    few(tie('value')).map((value): AnyValue => ({ kind: 'array', value })),
    few(tie('pair')).map((value): AnyValue => ({ kind: 'kvlist', value })),
  ),
  pair: record<KeyValue>({ key: text }, { value: tie('value') }),
}))
const pairs = few(values.pair)

const configMap: fc.Arbitrary<AgentConfigMap> = record(
  { configMap: named(record({ body: bytes, contentType: text }, {})) },
  {},
)
const customCapabilities = record<{ capabilities: string[] }>({ capabilities: few(text) }, {})
const customMessage = record<{ capability: string; type: string; data: Uint8Array }>(
  { capability: text, type: text, data: bytes },
  {},
)

const { health } = fc.letrec<{ health: ComponentHealth }>((tie) => ({
  health: record<ComponentHealth>(
    {
      healthy: fc.boolean(),
      startTimeUnixNano: u64,
      lastError: text,
      status: text,
      statusTimeUnixNano: u64,
      componentHealthMap: fc.oneof({ depthSize: 'small' }, fc.constant(new Map()), named(tie('health'))),
      attributes: pairs,
    },
    {},
  ),
}))

const { details } = fc.letrec<{ details: ComponentDetails }>((tie) => ({
  details: record<ComponentDetails>(
    {
      metadata: pairs,
      subComponentMap: fc.oneof({ depthSize: 'small' }, fc.constant(new Map()), named(tie('details'))),
    },
    {},
  ),
}))

export const agentToServer: fc.Arbitrary<AgentToServer> = record<AgentToServer>(
  { instanceUid: bytes, sequenceNum: u64, capabilities: u64, flags: u64 },
  {
    agentDescription: record({ identifyingAttributes: pairs, nonIdentifyingAttributes: pairs }, {}),
    health,
    effectiveConfig: record({}, { configMap }),
    remoteConfigStatus: record({ lastRemoteConfigHash: bytes, status, errorMessage: text }, {}),
    packageStatuses: record(
      {
        packages: named(
          record(
            {
              name: text,
              agentHasVersion: text,
              agentHasHash: bytes,
              serverOfferedVersion: text,
              serverOfferedHash: bytes,
              status,
              errorMessage: text,
            },
            {
              downloadDetails: record(
                { downloadPercent: fc.double({ noNaN: true }), downloadBytesPerSecond: fc.double({ noNaN: true }) },
                {},
              ),
            },
          ),
        ),
        serverProvidedAllPackagesHash: bytes,
        errorMessage: text,
      },
      {},
    ),
    agentDisconnect: fc.constant({}),
    connectionSettingsRequest: record({}, { opamp: record({}, { certificateRequest: record({ csr: bytes }, {}) }) }),
    customCapabilities,
    customMessage,
    availableComponents: record({ components: named(details), hash: bytes }, {}),
    connectionSettingsStatus: record({ lastConnectionSettingsHash: bytes, status, errorMessage: text }, {}),
  },
)

const headers: fc.Arbitrary<Headers> = record({ headers: few(record({ key: text, value: text }, {})) }, {})
const certificate = record<{ cert: Uint8Array; privateKey: Uint8Array; caCert: Uint8Array }>(
  { cert: bytes, privateKey: bytes, caCert: bytes },
  {},
)
const common = {
  headers,
  certificate,
  tls: record<NonNullable<TelemetryConnectionSettings['tls']>>(
    {
      caPemContents: text,
      includeSystemCaCertsPool: fc.boolean(),
      insecureSkipVerify: fc.boolean(),
      minVersion: text,
      maxVersion: text,
      cipherSuites: few(text),
    },
    {},
  ),
  proxy: record<NonNullable<TelemetryConnectionSettings['proxy']>>({ url: text }, { connectHeaders: headers }),
}
const telemetry = record<TelemetryConnectionSettings>({ destinationEndpoint: text }, common)

export const serverToAgent: fc.Arbitrary<ServerToAgent> = record<ServerToAgent>(
  { instanceUid: bytes, flags: u64, capabilities: u64 },
  {
    errorResponse: record(
      { type: status, errorMessage: text },
      { retryInfo: record({ retryAfterNanoseconds: u64 }, {}) },
    ),
    remoteConfig: record({ configHash: bytes }, { config: configMap }),
    connectionSettings: record(
      {
        hash: bytes,
        otherConnections: named(record({ destinationEndpoint: text, otherSettings: named(text) }, common)),
      },
      {
        opamp: record({ destinationEndpoint: text, heartbeatIntervalSeconds: u64 }, common),
        ownMetrics: telemetry,
        ownTraces: telemetry,
        ownLogs: telemetry,
      },
    ),
    packagesAvailable: record(
      {
        packages: named(
          record(
            { type: status, version: text, hash: bytes },
            { file: record({ downloadUrl: text, contentHash: bytes, signature: bytes }, { headers }) },
          ),
        ),
        allPackagesHash: bytes,
      },
      {},
    ),
    agentIdentification: record({ newInstanceUid: bytes }, {}),
    command: record({ type: status }, {}),
    customCapabilities,
    customMessage,
  },
)
