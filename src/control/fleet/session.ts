/**
 * The conversation with one agent, as a function: what is known, a message and what is desired give the answer and what is
 * known then. It keeps nothing, so it can go on after a restart of the controller from what the store has.
 *
 * Rules of the specification that stand behind it: every message is answered, again when it is repeated; what an agent leaves
 * out has not changed; when messages are missing the full state is asked for once and waited for; `error_response` and
 * `command` go alone; nothing is offered that the agent has not said to accept.
 */
import { AgentCapability, Command, ServerCapability, ServerErrorType, ServerFlag } from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import { uuidBytes } from '#std/uuid.ts'
import { type Attempt, type Gateway, has, type NamedConfig } from './gateway.ts'
import { Ledger } from './ledger.ts'
import type { Reports } from './reports.ts'
import { isAnswered, offerOf, type WantedSettings } from './settings.ts'
import { hasApplied, missing, syncers } from './syncers.ts'

/** What is asked for or offered again and again waits twice as long each time. */
const PATIENCE_MS = 30_000
const PATIENCE_MS_MAX = 3_600_000
/** An agent that repeats its message has not had the answer: it gets the same without waiting, a few times. */
const REPEATS_MAX = 3

export const SERVER_CAPABILITIES =
  ServerCapability.acceptsStatus |
  ServerCapability.offersRemoteConfig |
  ServerCapability.acceptsEffectiveConfig |
  ServerCapability.offersConnectionSettings

/** What is known only while a connection lasts. A new one begins with `newConversation`. */
export interface Conversation {
  greeted: boolean
  /** Messages were missed: what is known may be wrong. */
  incomplete: boolean
  asked: Repeated
  /** Asked once for parts that the agent can report and never has. */
  voted: boolean
  config: Repeated & { hash: string | null }
  settings: Repeated & { hash: string | null }
  componentsAskedFor: string | null
}

interface Repeated {
  times: number
  /** Of the newest time. */
  at: number
}

export interface Situation {
  gateway: Gateway
  attempts: ReadonlyMap<string, Attempt>
  conversation: Conversation
}

export interface Wanted {
  /** What the gateway is to have, if there is something of its kind. */
  config: NamedConfig | undefined
  settings: WantedSettings | undefined
  /** Another must use the uid: this connection gets a new one. */
  newUid: Uint8Array | undefined
  /** Lists of components that are in the store, for the whole fleet. */
  knowsComponents(hash: string): boolean
}

export interface Outcome extends Situation {
  /** Undefined: there is nothing to say. An answer always says something. */
  reply: ServerToAgent | undefined
  reports: Reports
  changed: readonly Attempt[]
  removed: readonly string[]
  /** What the agent runs was not compared with what it has applied: its files are in the store. */
  compare: boolean
}

export function newConversation(): Conversation {
  return {
    greeted: false,
    incomplete: false,
    asked: { times: 0, at: 0 },
    voted: false,
    config: { times: 0, at: 0, hash: null },
    settings: { times: 0, at: 0, hash: null },
    componentsAskedFor: null,
  }
}

/** `at`: Unix milliseconds. Nothing that is given is changed. */
export function answer(before: Situation, message: AgentToServer, wanted: Wanted, at: number): Outcome {
  const draft = open(before)
  const { gateway, conversation, ledger } = draft
  const verdict = judge(before, message)
  if (verdict === 'repeated')
    for (const part of [conversation.asked, conversation.config, conversation.settings])
      if (part.times <= REPEATS_MAX) part.at = 0
  gateway.lastSeenAt = at
  gateway.seq = message.sequenceNum
  if (message.capabilities !== 0n) gateway.capabilities = message.capabilities
  if (verdict === 'restarted') {
    gateway.restarts++
    for (const syncer of syncers) if (!syncer.isIn(message)) syncer.forget(gateway)
  }
  if (verdict !== 'stale') {
    for (const syncer of syncers)
      if (syncer.isIn(message)) syncer.take(message, gateway, draft.reports, at, wanted.config)
    if (message.remoteConfigStatus !== undefined && gateway.reported !== null)
      ledger.reported({ ...gateway.reported, at }, wanted.config, verdict === 'restarted')
    else if (verdict === 'restarted') ledger.restarted(at)
    // An agent that dies of its configuration at once begins with the same number and words each time.
    if (isFull(message) && verdict === 'repeated' && conversation.config.times > REPEATS_MAX) ledger.restarted(at)
  }
  ledger.expire(at)
  if (message.agentDisconnect !== undefined) {
    gateway.connectedAt = null
    return close(draft, bare(gateway, conversation), wanted)
  }
  gateway.connectedAt ??= at
  const asksForState = wantsFullState(gateway, conversation, message, verdict, at)
  const reply = bare(gateway, conversation)
  if (wanted.newUid !== undefined) {
    reply.agentIdentification = { newInstanceUid: wanted.newUid }
    return close(draft, reply, wanted)
  }
  if (restart(gateway, reply)) return close(draft, reply, wanted)
  if (asksForState) reply.flags |= ServerFlag.reportFullState
  offer(draft, reply, wanted, at)
  return close(draft, reply, wanted)
}

/** What is to be said without having been asked, such as a new configuration. `reply` is undefined when there is nothing. */
export function push(before: Situation, wanted: Wanted, at: number): Outcome {
  const draft = open(before)
  draft.ledger.expire(at)
  // The first word is the agent's.
  if (!draft.conversation.greeted || draft.gateway.seq === null) return close(draft, undefined, wanted)
  const reply = bare(draft.gateway, draft.conversation)
  if (!restart(draft.gateway, reply)) offer(draft, reply, wanted, at)
  return close(draft, says(reply) ? reply : undefined, wanted)
}

/** Refuses a message for good, or, with `retryAfterMs`, for now. Goes alone. */
export function refusal(instanceUid: Uint8Array, text: string, retryAfterMs?: number): ServerToAgent {
  const type = retryAfterMs === undefined ? ServerErrorType.badRequest : ServerErrorType.unavailable
  const retryInfo =
    retryAfterMs === undefined ? undefined : { retryAfterNanoseconds: BigInt(Math.round(retryAfterMs)) * 1_000_000n }
  return { instanceUid, errorResponse: { type, errorMessage: text, retryInfo }, flags: 0n, capabilities: 0n }
}

interface Draft {
  before: Situation
  gateway: Gateway
  conversation: Conversation
  ledger: Ledger
  reports: Reports
}

/**
 * - `next`, `repeated`: as expected. - `restarted`: the agent counts anew and says everything. - `gap`: messages are missing.
 * - `stale`: an old number and not everything; what it says may be outdated by what came before it.
 */
type Verdict = 'first' | 'next' | 'repeated' | 'restarted' | 'gap' | 'stale'

function judge({ gateway, attempts, conversation }: Situation, message: AgentToServer): Verdict {
  const { seq } = gateway
  if (seq === null) return 'first'
  if (message.sequenceNum === seq + 1n) return 'next'
  if (message.sequenceNum === seq) {
    // An agent that counts from the same number again: on another connection, or after it had said more than this.
    const isAnew = isFull(message) && (!conversation.greeted || new Ledger(attempts).anyApplying)
    return isAnew ? 'restarted' : 'repeated'
  }
  if (message.sequenceNum > seq) return 'gap'
  return isFull(message) ? 'restarted' : 'stale'
}

/** Whatever an agent leaves out, when it says everything it says who it is. */
function isFull(message: AgentToServer): boolean {
  return message.agentDescription !== undefined
}

function open(before: Situation): Draft {
  const { asked, config, settings } = before.conversation
  return {
    before,
    gateway: { ...before.gateway },
    conversation: { ...before.conversation, asked: { ...asked }, config: { ...config }, settings: { ...settings } },
    ledger: new Ledger(before.attempts),
    reports: {},
  }
}

function close(
  { gateway, conversation, ledger, reports }: Draft,
  reply: ServerToAgent | undefined,
  { config }: Wanted,
): Outcome {
  const { effective } = gateway
  const compare =
    config !== undefined &&
    effective !== null &&
    effective.comparedWith !== config.hash &&
    hasApplied(gateway, config.hash)
  const { attempts, changed, removed } = ledger
  return { gateway, attempts, conversation, reply, reports, changed, removed, compare }
}

function bare({ uid }: Gateway, conversation: Conversation): ServerToAgent {
  const reply: ServerToAgent = { instanceUid: uuidBytes(uid)!, flags: 0n, capabilities: 0n }
  if (conversation.greeted) return reply
  conversation.greeted = true
  reply.capabilities = SERVER_CAPABILITIES
  reply.customCapabilities = { capabilities: [NODE_CAPABILITY] }
  return reply
}

function wantsFullState(
  gateway: Gateway,
  conversation: Conversation,
  message: AgentToServer,
  verdict: Verdict,
  at: number,
): boolean {
  if (isFull(message)) {
    conversation.incomplete = false
    conversation.asked = { times: 0, at: 0 }
  } else if (verdict === 'first' || verdict === 'gap' || verdict === 'stale' || gateway.agent === null) {
    conversation.incomplete = true
  } else if (!conversation.voted && missing(gateway, message).length > 0) {
    conversation.voted = true
    conversation.incomplete = true
  }
  return conversation.incomplete && isTime(conversation.asked, at)
}

/** Counts when it is. */
function isTime(repeated: Repeated, at: number): boolean {
  const waitMs = Math.min(PATIENCE_MS_MAX, PATIENCE_MS * 2 ** (repeated.times - 1))
  if (repeated.times > 0 && at - repeated.at < waitMs) return false
  repeated.times++
  repeated.at = at
  return true
}

/** True: the reply is the command, and nothing else. */
function restart(gateway: Gateway, reply: ServerToAgent): boolean {
  if (gateway.restartRequestedAt === null || !has(gateway, AgentCapability.acceptsRestartCommand)) return false
  gateway.restartRequestedAt = null
  reply.command = { type: Command.restart }
  reply.customCapabilities = undefined
  return true
}

function offer(draft: Draft, reply: ServerToAgent, wanted: Wanted, at: number): void {
  const { gateway, conversation } = draft
  if (wanted.config !== undefined && isDue(draft, wanted.config, at)) {
    const { files, hash, configuration, version } = wanted.config
    reply.remoteConfig = { config: { configMap: new Map(files) }, configHash: Buffer.from(hash, 'hex') }
    draft.ledger.offered(wanted.config, at)
    gateway.offered = { hash, configuration, version, at }
  }
  offerSettings(draft, reply, wanted, at)
  const { componentsHash } = gateway
  if (
    componentsHash !== null &&
    conversation.componentsAskedFor !== componentsHash &&
    !wanted.knowsComponents(componentsHash)
  ) {
    conversation.componentsAskedFor = componentsHash
    reply.flags |= ServerFlag.reportAvailableComponents
  }
}

/** Whether this configuration is to be offered now. Counts when it is. */
function isDue({ gateway, conversation, ledger, before }: Draft, { hash, kind }: NamedConfig, at: number): boolean {
  if (!has(gateway, AgentCapability.acceptsRemoteConfig) || gateway.agent?.kind !== kind) return false
  const isRetry = ledger.isRetry(hash)
  if (!isRetry && (gateway.reported?.hash === hash || ledger.blocks(hash) || ledger.isApplying(hash))) return false
  const reports = has(gateway, AgentCapability.reportsRemoteConfig)
  // What the agent has is not known for sure, and it was asked a moment ago.
  if (reports && conversation.incomplete && conversation.asked.times <= 1) return false
  const { config } = conversation
  // An agent that started anew has lost what it was sent.
  const isAnew = config.hash !== hash || isRetry || gateway.restarts !== before.gateway.restarts
  if (isAnew) conversation.config = { times: 0, at: 0, hash }
  else if (!reports) return false
  return isTime(conversation.config, at)
}

function offerSettings(
  { gateway, conversation }: Draft,
  reply: ServerToAgent,
  { settings: wanted }: Wanted,
  at: number,
): void {
  if (wanted === undefined || isAnswered(gateway, wanted.hash)) return
  const reports = has(gateway, AgentCapability.reportsConnectionSettingsStatus)
  const isNew = gateway.settingsOffered !== wanted.hash
  // Who does not tell what became of it gets it once for each connection that still uses the registration token.
  if (!reports && !isNew && (conversation.settings.hash === wanted.hash || !gateway.holder.startsWith('token:'))) return
  const offers = offerOf(gateway, wanted)
  if (offers === undefined) return
  if (conversation.settings.hash !== wanted.hash) conversation.settings = { times: 0, at: 0, hash: wanted.hash }
  if (!isTime(conversation.settings, at)) return
  reply.connectionSettings = offers
  gateway.settingsOffered = wanted.hash
}

function says({ remoteConfig, connectionSettings, command, flags }: ServerToAgent): boolean {
  const parts = [remoteConfig, connectionSettings, command]
  return flags !== 0n || parts.some((part) => part !== undefined)
}
