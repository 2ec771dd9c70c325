/** What gateways report at length, as it is kept and shown: JSON without bigints, bounded. */
import type { AgentDescription, AnyValue, ComponentDetails, ComponentHealth, KeyValue } from '#codecs/opamp/messages.ts'
import type { ConfigurationKind } from '#contract/configuration.ts'
import type { ComponentTree, HealthTree } from '#contract/fleet.ts'
import type { AgentFacts } from './gateway.ts'

const ATTRIBUTES_MAX = 256
const TEXT_CHARACTERS_MAX = 4096
const NAME_CHARACTERS_MAX = 256
/** Components of one health report or list; what is beyond is left out. */
const COMPONENTS_MAX = 2000

export type Attributes = Record<string, unknown>

export interface Description {
  identifying: Attributes
  non_identifying: Attributes
}

/** Parts of a message that are kept but not needed again. What is undefined was not said. */
export interface Reports {
  description?: Description
  health?: HealthTree
  effective?: Record<string, { body: string; content_type: string }>
  components?: { hash: string; tree: Record<string, ComponentTree> }
}

export function descriptionOf(description: AgentDescription): Description {
  return {
    identifying: attributesOf(description.identifyingAttributes),
    non_identifying: attributesOf(description.nonIdentifyingAttributes),
  }
}

export function factsOf({ identifying, non_identifying }: Description): AgentFacts {
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, NAME_CHARACTERS_MAX) : '')
  const product = text(identifying['service.name'])
  const kind: ConfigurationKind = product === 'streamgate' ? 'streamgate' : 'otel_collector'
  // Several nodes may run on one host; collectors' instance ids are made up, and say nothing to people.
  const own = kind === 'streamgate' ? text(identifying['service.instance.id']) : ''
  const host = own || text(non_identifying['host.name']) || text(identifying['host.name'])
  return { kind, product, version: text(identifying['service.version']), host }
}

export function attributesOf(entries: readonly KeyValue[]): Attributes {
  const attributes: Attributes = Object.create(null)
  for (const { key, value } of entries.slice(0, ATTRIBUTES_MAX))
    attributes[key.slice(0, NAME_CHARACTERS_MAX)] = value === undefined ? null : plain(value)
  return attributes
}

export function healthOf(health: ComponentHealth, left = { components: COMPONENTS_MAX }): HealthTree {
  const components: Record<string, HealthTree> = Object.create(null)
  for (const [name, part] of health.componentHealthMap) {
    if (left.components-- <= 0) break
    components[name.slice(0, NAME_CHARACTERS_MAX)] = healthOf(part, left)
  }
  return {
    healthy: health.healthy,
    status: health.status.slice(0, TEXT_CHARACTERS_MAX),
    last_error: health.lastError.slice(0, TEXT_CHARACTERS_MAX),
    started_at: millis(health.startTimeUnixNano),
    at: millis(health.statusTimeUnixNano),
    components,
  }
}

export function componentsOf(
  components: ReadonlyMap<string, ComponentDetails>,
  left = { components: COMPONENTS_MAX },
): Record<string, ComponentTree> {
  const tree: Record<string, ComponentTree> = Object.create(null)
  for (const [name, { metadata, subComponentMap }] of components) {
    if (left.components-- <= 0) break
    tree[name.slice(0, NAME_CHARACTERS_MAX)] = {
      metadata: attributesOf(metadata),
      components: componentsOf(subComponentMap, left),
    }
  }
  return tree
}

/** Null: it was not said. */
function millis(nanos: bigint): number | null {
  return nanos === 0n ? null : Number(nanos / 1_000_000n)
}

function plain(value: AnyValue): unknown {
  switch (value.kind) {
    case 'none':
      return null
    case 'string':
      return value.value.slice(0, TEXT_CHARACTERS_MAX)
    case 'int':
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : String(value.value)
    case 'array':
      return value.value.slice(0, ATTRIBUTES_MAX).map(plain)
    case 'kvlist':
      return attributesOf(value.value)
    case 'bytes':
      return Buffer.from(value.value.subarray(0, TEXT_CHARACTERS_MAX)).toString('base64')
    case 'double':
      return Number.isFinite(value.value) ? value.value : String(value.value)
    case 'bool':
      return value.value
  }
}
