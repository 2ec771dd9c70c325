/** The fleet: gateways as they are shown, registration tokens, and the custom messages between nodes and controllers. */
import { z } from 'zod'
import { entityId } from './configuration.ts'
import { sampleWindow, tapBatch, tapSelection } from './observation.ts'

/** Files of a node's remote configuration: the document of the version, and the values of secrets that it refers to. */
export const DOCUMENT_FILE = 'streamgate.json'
export const SECRETS_FILE = 'secrets.json'

/** OpAMP capability of custom messages between a node and its controller. Their data is JSON in UTF-8. */
export const NODE_CAPABILITY = 'io.streamgate.node/v1'

/**
 * Types of custom messages. From the node: `stats` (NodeStats), `samples`, `tap`, `kept`. To it: `samples`, `tap_start`,
 * `tap_stop`, `kept` (see `kept-messages.ts`).
 */
export const customTypes = {
  stats: 'stats',
  samples: 'samples',
  tap: 'tap',
  tapStart: 'tap_start',
  tapStop: 'tap_stop',
  kept: 'kept',
} as const

/** `since`: only windows that end after it; Unix milliseconds. */
export const samplesRequest = z.object({ request: z.string().max(64), since: z.number().optional() })
export const samplesAnswer = z.object({ request: z.string().max(64), windows: z.array(sampleWindow).max(256) })
/** `ended`: the node has ended the tap, and why. */
export const tapMessage = tapBatch.extend({ tap: z.string().max(64), ended: z.string().max(1024).optional() })
export const tapStart = z.object({ tap: z.string().max(64), selection: tapSelection })
export const tapStop = z.object({ tap: z.string().max(64) })

export const labels = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,62}$/, 'must be 1 to 63 letters, digits or _ . / -'),
    z.string().max(255),
  )
  .refine((value) => Object.keys(value).length <= 32, 'must be 32 at most')
export type Labels = z.infer<typeof labels>

const millis = z.number().int().describe('Unix milliseconds')

export interface HealthTree {
  healthy: boolean
  status: string
  last_error: string
  started_at: number | null
  at: number | null
  components: Record<string, HealthTree>
}
export const healthTree: z.ZodType<HealthTree> = z
  .object({
    healthy: z.boolean(),
    status: z.string(),
    last_error: z.string(),
    started_at: millis.nullable(),
    at: millis.nullable(),
    get components() {
      return z.record(z.string(), healthTree)
    },
  })
  .meta({ id: 'HealthTree' })

export interface ComponentTree {
  metadata: Record<string, unknown>
  components: Record<string, ComponentTree>
}
export const componentTree: z.ZodType<ComponentTree> = z
  .object({
    metadata: z.record(z.string(), z.unknown()),
    get components() {
      return z.record(z.string(), componentTree)
    },
  })
  .meta({ id: 'ComponentTree' })

/** Why a gateway does not run what it should. */
export const driftCauses = [
  /** Somebody has changed it there. */
  'local_override',
  /** It tried, and went back to what it had. */
  'rolled_back',
  /** It refused. */
  'failed',
  /** It has not come to a result in time. */
  'stale',
  /** It is not connected. */
  'unreachable',
  /** It is about to. */
  'pending',
  /** It takes no configurations. */
  'no_capability',
] as const
export type DriftCause = (typeof driftCauses)[number]

export const gatewayStates = ['online', 'offline', 'in_sync', 'drift', 'failed', 'unhealthy'] as const
export type GatewayStateName = (typeof gatewayStates)[number]

/** Five states that are never merged. Hashes are those of offers, in hex; of `effective`: its own. */
export const fiveStates = z
  .object({
    desired: z.object({ configuration: z.string(), version: z.number(), hash: z.string() }).nullable(),
    offered: z.object({ configuration: z.string(), version: z.number(), hash: z.string(), at: millis }).nullable(),
    reported: z
      .object({
        hash: z.string(),
        version: z.number().nullable().describe('Null: of nothing that this controller has offered.'),
        status: z.enum(['unset', 'applied', 'applying', 'failed']),
        error: z.string(),
        at: millis,
      })
      .nullable(),
    effective: z
      .object({
        hash: z.string(),
        at: millis,
        matches: z.boolean().nullable().describe('Whether all of the desired stands in it; null: not known.'),
      })
      .nullable(),
    health: z.object({ healthy: z.boolean(), since: millis, status: z.string(), last_error: z.string() }).nullable(),
  })
  .meta({ id: 'FiveStates' })
export type FiveStates = z.infer<typeof fiveStates>

export const gatewaySummary = z
  .object({
    id: z.string().describe('Its OpAMP instance uid.'),
    name: z.string(),
    labels,
    kind: z.enum(['streamgate', 'otel_collector']).nullable(),
    product: z.string(),
    version: z.string(),
    host: z.string().describe('Of a node: the id that it calls itself, by default its host name.'),
    configuration: z.string().describe('That it follows.'),
    online: z.boolean(),
    in_sync: z.boolean(),
    drift: z.enum(driftCauses).nullable(),
    states: fiveStates,
    transport: z.enum(['websocket', 'http', 'memory']),
    connected_at: millis.nullable(),
    last_seen_at: millis,
    first_seen_at: millis,
    note: z.object({ text: z.string(), at: millis }).nullable(),
  })
  .meta({ id: 'GatewaySummary' })
export type GatewaySummary = z.infer<typeof gatewaySummary>

export const attempt = z
  .object({
    hash: z.string(),
    configuration: z.string(),
    version: z.number(),
    offered_at: millis.nullable(),
    applying_at: millis.nullable(),
    deadline: millis,
    result: z.enum(['applied', 'failed', 'timed_out', 'rolled_back']).nullable(),
    error: z.string(),
    rolled_back_to: z.string().nullable(),
    finished_at: millis.nullable(),
    offers: z.number(),
    retries: z.number(),
    blocked: z.boolean().describe('It is not offered again until someone retries.'),
  })
  .meta({ id: 'Attempt' })
export type Attempt = z.infer<typeof attempt>

export const gateway = gatewaySummary
  .extend({
    assigned_configuration: z.string().nullable().describe('Null: it follows that of its token, or `default`.'),
    seq: z.string().nullable().describe('Number of its newest message.'),
    capabilities: z.array(z.string()),
    custom_capabilities: z.array(z.string()),
    credential: z.enum(['open', 'token', 'credential', 'certificate', 'revoked']),
    restarts: z.number(),
    restart_requested_at: millis.nullable(),
    description: z.object({
      identifying: z.record(z.string(), z.unknown()),
      non_identifying: z.record(z.string(), z.unknown()),
    }),
    health: healthTree.nullable(),
    effective_config: z
      .record(z.string(), z.object({ body: z.string(), content_type: z.string() }))
      .nullable()
      .describe('As reported, masked.'),
    components: z.record(z.string(), componentTree).nullable(),
    connection_settings: z
      .object({ hash: z.string(), status: z.enum(['unset', 'applied', 'applying', 'failed']), error: z.string() })
      .nullable(),
    attempts: z.array(attempt).describe('Newest first.'),
  })
  .meta({ id: 'Gateway' })

export type Gateway = z.infer<typeof gateway>

export const gatewayPatch = z
  .strictObject({
    name: z.string().trim().min(1).max(128).nullable().optional().describe('Null: its host name.'),
    labels: labels.optional(),
    configuration: entityId.nullable().optional().describe('Null: that of its token, or `default`.'),
  })
  .meta({ id: 'GatewayPatch' })

export const fleetSummary = z
  .object({
    gateways: z.number(),
    online: z.number(),
    in_sync: z.number(),
    unhealthy: z.number(),
    drift: z.partialRecord(z.enum(driftCauses), z.number()),
    configurations: z.array(z.object({ configuration: z.string(), gateways: z.number(), in_sync: z.number() })),
    versions: z.array(z.object({ product: z.string(), version: z.string(), gateways: z.number() })),
  })
  .meta({ id: 'FleetSummary' })
export type FleetSummary = z.infer<typeof fleetSummary>

export const registrationToken = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('How it begins.'),
    configuration: z.string().nullable(),
    labels,
    expires_at: millis.nullable(),
    uses: z.number(),
    uses_max: z.number().nullable(),
    created_at: millis,
    created_by: z.string(),
    last_used_at: millis.nullable(),
    revoked_at: millis.nullable(),
  })
  .meta({ id: 'RegistrationToken' })
export type RegistrationToken = z.infer<typeof registrationToken>

export const registrationTokenBody = z
  .strictObject({
    name: z.string().trim().min(1).max(128),
    configuration: entityId.nullable().default(null),
    labels: labels.default({}),
    expires_at: millis.positive().nullable().default(null),
    uses_max: z.int().min(1).max(1_000_000).nullable().default(null),
  })
  .meta({ id: 'NewRegistrationToken' })

export const registrationTokenPatch = z
  .strictObject({
    name: z.string().trim().min(1).max(128).optional(),
    configuration: entityId.nullable().optional(),
    labels: labels.optional(),
    expires_at: millis.positive().nullable().optional(),
    uses_max: z.int().min(1).max(1_000_000).nullable().optional(),
  })
  .meta({ id: 'RegistrationTokenPatch' })

export const registrationTokenCreated = registrationToken
  .extend({ token: z.string().describe('Shown this once.') })
  .meta({ id: 'RegistrationTokenCreated' })
export type RegistrationTokenCreated = z.infer<typeof registrationTokenCreated>
