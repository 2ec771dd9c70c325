/** What is known in a conversation with one agent, and what is wanted of it. */
import type { Attempt, Gateway, NamedConfig } from './gateway.ts'
import type { Ledger } from './ledger.ts'
import type { Reports } from './reports.ts'
import type { WantedSettings } from './settings.ts'

/** What is asked for or offered again and again waits twice as long each time. */
const PATIENCE_MS = 30_000
const PATIENCE_MS_MAX = 3_600_000
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

export interface Repeated {
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

/** While one message is worked on: copies of what may change. */
export interface Draft {
  before: Situation
  gateway: Gateway
  conversation: Conversation
  ledger: Ledger
  reports: Reports
}

/** Counts when it is. */
export function isTime(repeated: Repeated, at: number): boolean {
  const waitMs = Math.min(PATIENCE_MS_MAX, PATIENCE_MS * 2 ** (repeated.times - 1))
  if (repeated.times > 0 && at - repeated.at < waitMs) return false
  repeated.times++
  repeated.at = at
  return true
}
