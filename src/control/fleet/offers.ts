/** What is offered to an agent with a message: a configuration, connection settings, and what it is asked for. */
import { AgentCapability, ServerFlag } from '#codecs/opamp/constants.ts'
import type { ServerToAgent } from '#codecs/opamp/messages.ts'
import { has, type NamedConfig } from './gateway.ts'
import { isAnswered, offerOf } from './settings.ts'
import { type Draft, isTime, type Wanted } from './situation.ts'

export function offer(draft: Draft, reply: ServerToAgent, wanted: Wanted, at: number): void {
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
