/** `AgentToServer`, both ways. */
import { keyValues } from './any-value.ts'
import type { Decoded } from './input.ts'
import { bool, bytes, choice, double, fixed64, mapOf, message, text, uint64 } from './kinds.ts'
import type {
  AgentDescription,
  AgentDisconnect,
  AgentToServer,
  AvailableComponents,
  CertificateRequest,
  ComponentDetails,
  ComponentHealth,
  ConnectionSettingsRequest,
  ConnectionSettingsStatus,
  EffectiveConfig,
  OpampConnectionSettingsRequest,
  PackageDownloadDetails,
  PackageStatus,
  PackageStatuses,
  RemoteConfigStatus,
} from './messages.ts'
import { Shape } from './shape.ts'
import { configMap, customCapabilities, customMessage } from './shared-shapes.ts'

/** The bytes of the message, without the frame of a WebSocket. */
export function encodeAgentToServer(agentToServer: AgentToServer): Uint8Array {
  return shape.encode(agentToServer)
}

/** `bytes` stay the caller's: nothing of the message points to them. */
export function decodeAgentToServer(source: Uint8Array): Decoded<AgentToServer> {
  return shape.decode(source)
}

const description = new Shape<AgentDescription>({
  identifyingAttributes: [1, keyValues],
  nonIdentifyingAttributes: [2, keyValues],
})

const health: Shape<ComponentHealth> = new Shape<ComponentHealth>({
  healthy: [1, bool],
  startTimeUnixNano: [2, fixed64],
  lastError: [3, text],
  status: [4, text],
  statusTimeUnixNano: [5, fixed64],
  componentHealthMap: [
    6,
    mapOf(
      message(() => health),
      noHealth,
    ),
  ],
  attributes: [7, keyValues],
})

function noHealth(): ComponentHealth {
  return {
    healthy: false,
    startTimeUnixNano: 0n,
    lastError: '',
    status: '',
    statusTimeUnixNano: 0n,
    componentHealthMap: new Map(),
    attributes: [],
  }
}

const effectiveConfig = new Shape<EffectiveConfig>({ configMap: [1, message(() => configMap)] })

const remoteConfigStatus = new Shape<RemoteConfigStatus>({
  lastRemoteConfigHash: [1, bytes],
  status: [2, choice],
  errorMessage: [3, text],
})

const connectionSettingsStatus = new Shape<ConnectionSettingsStatus>({
  lastConnectionSettingsHash: [1, bytes],
  status: [2, choice],
  errorMessage: [3, text],
})

const downloadDetails = new Shape<PackageDownloadDetails>({
  downloadPercent: [1, double],
  downloadBytesPerSecond: [2, double],
})

const packageStatus = new Shape<PackageStatus>({
  name: [1, text],
  agentHasVersion: [2, text],
  agentHasHash: [3, bytes],
  serverOfferedVersion: [4, text],
  serverOfferedHash: [5, bytes],
  status: [6, choice],
  errorMessage: [7, text],
  downloadDetails: [8, message(() => downloadDetails)],
})

function noPackageStatus(): PackageStatus {
  return {
    name: '',
    agentHasVersion: '',
    agentHasHash: new Uint8Array(0),
    serverOfferedVersion: '',
    serverOfferedHash: new Uint8Array(0),
    status: 0,
    errorMessage: '',
  }
}

const packageStatuses = new Shape<PackageStatuses>({
  packages: [
    1,
    mapOf(
      message(() => packageStatus),
      noPackageStatus,
    ),
  ],
  serverProvidedAllPackagesHash: [2, bytes],
  errorMessage: [3, text],
})

const disconnect = new Shape<AgentDisconnect>({})

const certificateRequest = new Shape<CertificateRequest>({ csr: [1, bytes] })
const opampRequest = new Shape<OpampConnectionSettingsRequest>({
  certificateRequest: [1, message(() => certificateRequest)],
})
const connectionSettingsRequest = new Shape<ConnectionSettingsRequest>({ opamp: [1, message(() => opampRequest)] })

const details: Shape<ComponentDetails> = new Shape<ComponentDetails>({
  metadata: [1, keyValues],
  subComponentMap: [
    2,
    mapOf(
      message(() => details),
      noDetails,
    ),
  ],
})

function noDetails(): ComponentDetails {
  return { metadata: [], subComponentMap: new Map() }
}

const availableComponents = new Shape<AvailableComponents>({
  components: [
    1,
    mapOf(
      message(() => details),
      noDetails,
    ),
  ],
  hash: [2, bytes],
})

const shape = new Shape<AgentToServer>({
  instanceUid: [1, bytes],
  sequenceNum: [2, uint64],
  agentDescription: [3, message(() => description)],
  capabilities: [4, uint64],
  health: [5, message(() => health)],
  effectiveConfig: [6, message(() => effectiveConfig)],
  remoteConfigStatus: [7, message(() => remoteConfigStatus)],
  packageStatuses: [8, message(() => packageStatuses)],
  agentDisconnect: [9, message(() => disconnect)],
  flags: [10, uint64],
  connectionSettingsRequest: [11, message(() => connectionSettingsRequest)],
  customCapabilities: [12, message(() => customCapabilities)],
  customMessage: [13, message(() => customMessage)],
  availableComponents: [14, message(() => availableComponents)],
  connectionSettingsStatus: [15, message(() => connectionSettingsStatus)],
})
