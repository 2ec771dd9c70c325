/** `ServerToAgent`, both ways. */
import type { Decoded } from './input.ts'
import { bool, bytes, choice, list, mapOf, message, text, uint64 } from './kinds.ts'
import type {
  AgentIdentification,
  AgentRemoteConfig,
  ConnectionSettingsOffers,
  DownloadableFile,
  Header,
  Headers,
  OpampConnectionSettings,
  OtherConnectionSettings,
  PackageAvailable,
  PackagesAvailable,
  ProxyConnectionSettings,
  RetryInfo,
  ServerErrorResponse,
  ServerToAgent,
  ServerToAgentCommand,
  TelemetryConnectionSettings,
  TlsCertificate,
  TlsConnectionSettings,
} from './messages.ts'
import { Shape } from './shape.ts'
import { configMap, customCapabilities, customMessage } from './shared-shapes.ts'

/** The bytes of the message, without the frame of a WebSocket. */
export function encodeServerToAgent(serverToAgent: ServerToAgent): Uint8Array {
  return shape.encode(serverToAgent)
}

/** `source` stays the caller's: nothing of the message points to it. */
export function decodeServerToAgent(source: Uint8Array): Decoded<ServerToAgent> {
  return shape.decode(source)
}

const retryInfo = new Shape<RetryInfo>({ retryAfterNanoseconds: [1, uint64] })

const errorResponse = new Shape<ServerErrorResponse>({
  type: [1, choice],
  errorMessage: [2, text],
  retryInfo: [3, message(() => retryInfo)],
})

const remoteConfig = new Shape<AgentRemoteConfig>({ config: [1, message(() => configMap)], configHash: [2, bytes] })

const header = new Shape<Header>({ key: [1, text], value: [2, text] })
const headers = new Shape<Headers>({ headers: [1, list(message(() => header))] })
const certificate = new Shape<TlsCertificate>({ cert: [1, bytes], privateKey: [2, bytes], caCert: [3, bytes] })

const tls = new Shape<TlsConnectionSettings>({
  caPemContents: [1, text],
  includeSystemCaCertsPool: [2, bool],
  insecureSkipVerify: [3, bool],
  minVersion: [4, text],
  maxVersion: [5, text],
  cipherSuites: [6, list(text)],
})

const proxy = new Shape<ProxyConnectionSettings>({ url: [1, text], connectHeaders: [2, message(() => headers)] })

const opampSettings = new Shape<OpampConnectionSettings>({
  destinationEndpoint: [1, text],
  headers: [2, message(() => headers)],
  certificate: [3, message(() => certificate)],
  heartbeatIntervalSeconds: [4, uint64],
  tls: [5, message(() => tls)],
  proxy: [6, message(() => proxy)],
})

const telemetrySettings = new Shape<TelemetryConnectionSettings>({
  destinationEndpoint: [1, text],
  headers: [2, message(() => headers)],
  certificate: [3, message(() => certificate)],
  tls: [4, message(() => tls)],
  proxy: [5, message(() => proxy)],
})

const otherSettings = new Shape<OtherConnectionSettings>({
  destinationEndpoint: [1, text],
  headers: [2, message(() => headers)],
  certificate: [3, message(() => certificate)],
  otherSettings: [4, mapOf(text, () => '')],
  tls: [5, message(() => tls)],
  proxy: [6, message(() => proxy)],
})

const offers = new Shape<ConnectionSettingsOffers>({
  hash: [1, bytes],
  opamp: [2, message(() => opampSettings)],
  ownMetrics: [3, message(() => telemetrySettings)],
  ownTraces: [4, message(() => telemetrySettings)],
  ownLogs: [5, message(() => telemetrySettings)],
  otherConnections: [
    6,
    mapOf(
      message(() => otherSettings),
      () => ({ destinationEndpoint: '', otherSettings: new Map() }),
    ),
  ],
})

const file = new Shape<DownloadableFile>({
  downloadUrl: [1, text],
  contentHash: [2, bytes],
  signature: [3, bytes],
  headers: [4, message(() => headers)],
})

const packageAvailable = new Shape<PackageAvailable>({
  type: [1, choice],
  version: [2, text],
  file: [3, message(() => file)],
  hash: [4, bytes],
})

const packagesAvailable = new Shape<PackagesAvailable>({
  packages: [
    1,
    mapOf(
      message(() => packageAvailable),
      () => ({ type: 0, version: '', hash: new Uint8Array(0) }),
    ),
  ],
  allPackagesHash: [2, bytes],
})

const identification = new Shape<AgentIdentification>({ newInstanceUid: [1, bytes] })
const command = new Shape<ServerToAgentCommand>({ type: [1, choice] })

const shape = new Shape<ServerToAgent>({
  instanceUid: [1, bytes],
  errorResponse: [2, message(() => errorResponse)],
  remoteConfig: [3, message(() => remoteConfig)],
  connectionSettings: [4, message(() => offers)],
  packagesAvailable: [5, message(() => packagesAvailable)],
  flags: [6, uint64],
  capabilities: [7, uint64],
  agentIdentification: [8, message(() => identification)],
  command: [9, message(() => command)],
  customCapabilities: [10, message(() => customCapabilities)],
  customMessage: [11, message(() => customMessage)],
})
