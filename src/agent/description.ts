/** What a node says it is (spec, "AgentDescription Message"; names of OpenTelemetry's conventions). */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { encodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import type { AgentDescription, AvailableComponents, ComponentDetails, KeyValue } from '#codecs/opamp/messages.ts'

export interface NodeDescription {
  version: string
  /** Id of the node. */
  id: string
  /** Of the operator's choice. */
  labels?: Record<string, string>
}

export function describe({ version, id, labels = {} }: NodeDescription): AgentDescription {
  return {
    identifyingAttributes: attributes({
      'service.name': 'streamgate',
      'service.version': version,
      'service.instance.id': id,
    }),
    nonIdentifyingAttributes: attributes({ 'host.name': hostname(), 'os.type': osType(), ...labels }),
  }
}

/** The hash of components, and they themselves, in the order of their names. */
export function availableComponents(components: ReadonlyMap<string, ComponentDetails>): AvailableComponents {
  const sorted = new Map([...components].sort(([a], [b]) => (a < b ? -1 : 1)))
  const message = { instanceUid: new Uint8Array(0), sequenceNum: 0n, capabilities: 0n, flags: 0n }
  const bytes = encodeAgentToServer({
    ...message,
    availableComponents: { components: sorted, hash: new Uint8Array(0) },
  })
  return { components: sorted, hash: new Uint8Array(createHash('sha256').update(bytes).digest()) }
}

function attributes(values: Record<string, string>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

/** As OpenTelemetry names it. */
function osType(): string {
  return process.platform === 'win32' ? 'windows' : process.platform
}
