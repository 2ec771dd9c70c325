/**
 * What an output is: it sends one batch and says how that went. The engine around it gives it batches that it owns
 * (queueing, limits by count, bytes and age, retries, `when_full` and the books are the engine's work).
 */
import type { z } from 'zod'
import type { Logger } from '#observe/log.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'

/** Encoded records, one after the other, each with what its encoder puts around it. */
export interface Batch {
  /** Owned by the output from the call of `send` until its promise settles; then the engine takes the memory back. */
  bytes: Bytes
  records: number
}

/**
 * `retryable`: the same batch may go through later; `retryAfterMs` is what the other side asked for.
 * Otherwise the batch is refused for good and counted as rejected, under `code`.
 */
export type SendResult =
  | { ok: true }
  | { ok: false; retryable: boolean; code: string; message: string; retryAfterMs?: number }

export interface Output {
  /** Gets ready without needing the other side to be there. Rejects only on what no retry can mend. */
  start(): Promise<void>
  /**
   * Sends the whole batch or none of it, as far as the protocol lets one know. Never rejects: failures are results.
   * `signal` aborts when the node must stop or the batch has taken too long.
   */
  send(batch: Batch, signal: AbortSignal): Promise<SendResult>
  /** Releases sockets and files. Safe before `start` and when called twice. */
  stop(): Promise<void>
}

export interface OutputContext {
  id: string
  log: Logger
  clock: Clock
}

/**
 * `stream`: bytes flow, batches are only a trigger, and one `send` may carry many of them.
 * `request`: one `send` is one request, and the batch limits are hard.
 */
export const outputShapes = ['stream', 'request'] as const
export type OutputShape = (typeof outputShapes)[number]

export interface OutputDefinition<Config extends z.ZodObject = z.ZodObject> {
  kind: 'output'
  name: string
  summary: string
  config: Config
  shape: OutputShape
  /** Name of the encoder (see `component/encoder.ts`) that gives this output its records. */
  encoder(options: z.output<Config>): string
  /** `send` calls that may be under way at once; 1 keeps order. */
  concurrency?(options: z.output<Config>): number
  create(options: z.output<Config>, context: OutputContext): Output
}

export function defineOutput<Config extends z.ZodObject>(
  definition: Omit<OutputDefinition<Config>, 'kind'>,
): OutputDefinition<Config> {
  return { kind: 'output', ...definition }
}
