/**
 * The messages of OpAMP (opamp-spec, `proto/opamp/v1/opamp.proto`): what an agent and its server tell each other.
 *
 * Scalars, lists and maps are always there, zero or empty where the message leaves them out; a sub-message that is left out
 * is undefined. uint64 and fixed64 are bigints. Enumerations are numbers: one that nobody knows yet stays what it was.
 */

/** OpenTelemetry's value. `none`: it has none of the kinds. */
export type AnyValue =
  | { kind: 'none' }
  | { kind: 'string'; value: string }
  | { kind: 'bool'; value: boolean }
  | { kind: 'int'; value: bigint }
  | { kind: 'double'; value: number }
  | { kind: 'array'; value: AnyValue[] }
  | { kind: 'kvlist'; value: KeyValue[] }
  | { kind: 'bytes'; value: Uint8Array }

export interface KeyValue {
  key: string
  value?: AnyValue | undefined
}

export interface AgentConfigFile {
  body: Uint8Array
  contentType: string
}
/** By name; a single file may have the name ''. */
export interface AgentConfigMap {
  configMap: Map<string, AgentConfigFile>
}

/** Reverse domain names, `io.streamgate.node/v1`. */
export interface CustomCapabilities {
  capabilities: string[]
}
export interface CustomMessage {
  capability: string
  type: string
  data: Uint8Array
}

/** PEM. */
export interface TlsCertificate {
  cert: Uint8Array
  privateKey: Uint8Array
  caCert: Uint8Array
}

// ─── From the agent ───────────────────────────────────────────────────────────────────────────────────────────────────

export interface AgentToServer {
  /** 16 bytes. */
  instanceUid: Uint8Array
  /** One more with each message. */
  sequenceNum: bigint
  agentDescription?: AgentDescription | undefined
  /** Bits of `AgentCapability`. */
  capabilities: bigint
  health?: ComponentHealth | undefined
  effectiveConfig?: EffectiveConfig | undefined
  remoteConfigStatus?: RemoteConfigStatus | undefined
  packageStatuses?: PackageStatuses | undefined
  agentDisconnect?: AgentDisconnect | undefined
  /** Bits of `AgentFlag`. */
  flags: bigint
  connectionSettingsRequest?: ConnectionSettingsRequest | undefined
  customCapabilities?: CustomCapabilities | undefined
  customMessage?: CustomMessage | undefined
  availableComponents?: AvailableComponents | undefined
  connectionSettingsStatus?: ConnectionSettingsStatus | undefined
}

export type AgentDisconnect = Record<never, never>

export interface AgentDescription {
  identifyingAttributes: KeyValue[]
  nonIdentifyingAttributes: KeyValue[]
}

export interface ComponentHealth {
  healthy: boolean
  startTimeUnixNano: bigint
  lastError: string
  status: string
  statusTimeUnixNano: bigint
  componentHealthMap: Map<string, ComponentHealth>
  attributes: KeyValue[]
}

export interface EffectiveConfig {
  configMap?: AgentConfigMap | undefined
}

export interface RemoteConfigStatus {
  lastRemoteConfigHash: Uint8Array
  /** One of `SettingsStatus`. */
  status: number
  errorMessage: string
}

export interface ConnectionSettingsStatus {
  lastConnectionSettingsHash: Uint8Array
  /** One of `SettingsStatus`. */
  status: number
  errorMessage: string
}

export interface PackageStatuses {
  packages: Map<string, PackageStatus>
  serverProvidedAllPackagesHash: Uint8Array
  errorMessage: string
}
export interface PackageStatus {
  name: string
  agentHasVersion: string
  agentHasHash: Uint8Array
  serverOfferedVersion: string
  serverOfferedHash: Uint8Array
  /** 0 installed, 1 install pending, 2 installing, 3 install failed, 4 downloading. */
  status: number
  errorMessage: string
  downloadDetails?: PackageDownloadDetails | undefined
}
export interface PackageDownloadDetails {
  downloadPercent: number
  downloadBytesPerSecond: number
}

export interface ConnectionSettingsRequest {
  opamp?: OpampConnectionSettingsRequest | undefined
}
export interface OpampConnectionSettingsRequest {
  certificateRequest?: CertificateRequest | undefined
}
/** PEM. */
export interface CertificateRequest {
  csr: Uint8Array
}

/** `hash` alone is said first; the components follow when they are asked for. */
export interface AvailableComponents {
  components: Map<string, ComponentDetails>
  hash: Uint8Array
}
export interface ComponentDetails {
  metadata: KeyValue[]
  subComponentMap: Map<string, ComponentDetails>
}

// ─── From the server ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface ServerToAgent {
  /** That of the agent; 16 bytes. */
  instanceUid: Uint8Array
  /** Excludes every other part. */
  errorResponse?: ServerErrorResponse | undefined
  remoteConfig?: AgentRemoteConfig | undefined
  connectionSettings?: ConnectionSettingsOffers | undefined
  packagesAvailable?: PackagesAvailable | undefined
  /** Bits of `ServerFlag`. */
  flags: bigint
  /** Bits of `ServerCapability`; in the first answer. */
  capabilities: bigint
  agentIdentification?: AgentIdentification | undefined
  /** Excludes every other part but capabilities. */
  command?: ServerToAgentCommand | undefined
  customCapabilities?: CustomCapabilities | undefined
  customMessage?: CustomMessage | undefined
}

export interface ServerErrorResponse {
  /** One of `ServerErrorType`. */
  type: number
  errorMessage: string
  retryInfo?: RetryInfo | undefined
}
export interface RetryInfo {
  retryAfterNanoseconds: bigint
}

export interface AgentRemoteConfig {
  config?: AgentConfigMap | undefined
  /** The server's own; agents only give it back. */
  configHash: Uint8Array
}

/** `hash` stands for all settings, also those that are not sent. */
export interface ConnectionSettingsOffers {
  hash: Uint8Array
  opamp?: OpampConnectionSettings | undefined
  ownMetrics?: TelemetryConnectionSettings | undefined
  ownTraces?: TelemetryConnectionSettings | undefined
  ownLogs?: TelemetryConnectionSettings | undefined
  otherConnections: Map<string, OtherConnectionSettings>
}
export interface OpampConnectionSettings {
  destinationEndpoint: string
  headers?: Headers | undefined
  certificate?: TlsCertificate | undefined
  /** 0: none. Each offer says it anew. */
  heartbeatIntervalSeconds: bigint
  tls?: TlsConnectionSettings | undefined
  proxy?: ProxyConnectionSettings | undefined
}
export interface TelemetryConnectionSettings {
  destinationEndpoint: string
  headers?: Headers | undefined
  certificate?: TlsCertificate | undefined
  tls?: TlsConnectionSettings | undefined
  proxy?: ProxyConnectionSettings | undefined
}
export interface OtherConnectionSettings extends TelemetryConnectionSettings {
  otherSettings: Map<string, string>
}
export interface Headers {
  headers: Header[]
}
export interface Header {
  key: string
  value: string
}
export interface TlsConnectionSettings {
  caPemContents: string
  includeSystemCaCertsPool: boolean
  insecureSkipVerify: boolean
  minVersion: string
  maxVersion: string
  cipherSuites: string[]
}
export interface ProxyConnectionSettings {
  url: string
  connectHeaders?: Headers | undefined
}

export interface PackagesAvailable {
  packages: Map<string, PackageAvailable>
  allPackagesHash: Uint8Array
}
export interface PackageAvailable {
  /** 0 top level, 1 addon. */
  type: number
  version: string
  file?: DownloadableFile | undefined
  hash: Uint8Array
}
export interface DownloadableFile {
  downloadUrl: string
  contentHash: Uint8Array
  signature: Uint8Array
  headers?: Headers | undefined
}

export interface AgentIdentification {
  newInstanceUid: Uint8Array
}
/** `type` 0: restart. */
export interface ServerToAgentCommand {
  type: number
}
