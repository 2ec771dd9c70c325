/** A way to the server. It connects, and again when it is lost, by itself; what is said over it is the agent's affair. */
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'

export interface Transport {
  /** `polling`: the server speaks only when it is spoken to. */
  readonly kind: 'websocket' | 'polling' | 'memory'
  /** Whether `send` may be called now. */
  readonly writable: boolean
  /** Once. Never throws: what fails comes as `lost`. */
  start(handler: TransportHandler): void
  /** Only while `writable`. The message stays the caller's and must not change. */
  send(message: AgentToServer): void
  /** Says `farewell` if it can, and ends. Resolves after `CLOSE_MS` at the latest; the handler hears nothing more. */
  close(farewell: AgentToServer): Promise<void>
}

export interface TransportHandler {
  /** The server may be talked to, for the first time or again: something must be said now. */
  opened(): void
  received(message: ServerToAgent): void
  /** `writable` again. */
  drained(): void
  /** No way to the server. The transport goes on trying. */
  lost(failure: Failure): void
}

export interface Failure {
  reason: string
  /**
   * What became of the message before: `unknown` when it may have come, `unsent` when it surely has not, `refused` when it
   * must not be sent again.
   */
  last: 'unknown' | 'unsent' | 'refused'
}

/** How long a farewell may take. */
export const CLOSE_MS = 2_000
/** First and longest bound of the wait before the next attempt; the wait is random below it. */
export const RETRY_BASE_MS = 500
export const RETRY_CAP_MS = 30_000
/** A server that does not answer by then is gone. */
export const ANSWER_MS = 30_000
