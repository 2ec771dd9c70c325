/**
 * The conversation with one agent, as a function: what is known, a message and what is desired give the answer and what is
 * known then. It keeps nothing, so it can go on after a restart of the controller from what the store has.
 *
 * Rules of the specification that stand behind it: every message is answered, again when it is repeated; what an agent leaves
 * out has not changed; when messages are missing the full state is asked for once and waited for; `error_response` and
 * `command` go alone; nothing is offered that the agent has not said to accept.
 */
import {
  AgentCapability,
  Command,
  ServerCapability,
  ServerErrorType,
  ServerFlag,
  SettingsStatus,
} from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import { uuidBytes } from '#std/uuid.ts'
import { type Attempt, type Gateway, has } from './gateway.ts'
import { Ledger } from './ledger.ts'
import { offer } from './offers.ts'
import type { Reports } from './reports.ts'
import { type Conversation, type Draft, isTime, type Situation, type Wanted } from './situation.ts'
import { hasApplied, missing, syncers } from './syncers.ts'

/** An agent that repeats its message has not had the answer: it gets the same without waiting, a few times. */
const REPEATS_MAX = 3

export const SERVER_CAPABILITIES =
  ServerCapability.acceptsStatus |
  ServerCapability.offersRemoteConfig |
  ServerCapability.acceptsEffectiveConfig |
  ServerCapability.offersConnectionSettings

export interface Outcome extends Situation {
  /** Undefined: there is nothing to say. An answer always says something. */
  reply: ServerToAgent | undefined
  reports: Reports
  changed: readonly Attempt[]
  removed: readonly string[]
  /** What the agent runs was not compared with what it has applied: its files are in the store. */
  compare: boolean
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
    if (message.remoteConfigStatus !== undefined && gateway.reported !== null) {
      ledger.reported({ ...gateway.reported, at }, wanted.config, verdict === 'restarted')
      rememberOffer(gateway, wanted, at)
    } else if (verdict === 'restarted') ledger.restarted(at)
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

/** What it has of ours was offered to it, even if this controller's last words were lost before they were noted. */
function rememberOffer(gateway: Gateway, { config }: Wanted, at: number): void {
  const { reported, offered } = gateway
  if (config === undefined || reported?.hash !== config.hash || offered?.hash === config.hash) return
  if (reported.status === SettingsStatus.unset) return
  const { hash, configuration, version } = config
  gateway.offered = { hash, configuration, version, at }
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

/** True: the reply is the command, and nothing else. */
function restart(gateway: Gateway, reply: ServerToAgent): boolean {
  if (gateway.restartRequestedAt === null || !has(gateway, AgentCapability.acceptsRestartCommand)) return false
  gateway.restartRequestedAt = null
  reply.command = { type: Command.restart }
  reply.customCapabilities = undefined
  return true
}

function says({ remoteConfig, connectionSettings, command, flags }: ServerToAgent): boolean {
  const parts = [remoteConfig, connectionSettings, command]
  return flags !== 0n || parts.some((part) => part !== undefined)
}
