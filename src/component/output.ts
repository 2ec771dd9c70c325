/**
 * What an output is: it sends one batch and says how that went. The engine around it gives it batches that it owns
 * (queueing, limits by count, bytes and age, retries, spool, dead letters, `when_full` and the books are the engine's work).
 */
import type { z } from 'zod'
import type { Logger } from '#observe/log.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { Upstreams } from '#upstreams/upstreams.ts'
import type { BatchLimits, WhenFull } from './plan.ts'

/** Encoded records, one after the other, each with what its encoder puts around it. */
export interface Batch {
  /** Owned by the output from the call of `send` until its promise settles; then the engine takes the memory back. */
  bytes: Bytes
  records: number
  /** Record i stands at [ends[i - 1], ends[i]) of `bytes`, the first at 0. Empty for an output whose shape is `stream`. */
  ends: Int32Array
}

/** A record that the other side will never take. */
export interface Refusal {
  /** Its index in the batch. */
  record: number
  code: string
  message: string
}

/** The whole batch did not go through. */
export interface Failed {
  ok: false
  /** The same batch may go through later. Otherwise it is refused for good: counted as rejected, kept as dead letters. */
  retryable: boolean
  code: string
  message: string
  /** What the other side asked to wait. */
  retryAfterMs?: number
  /** It was too large for the other side: the halves may go through. */
  tooLarge?: true
  /** Nothing of it was taken, and one record may be why: the others may go through. */
  oneMaySpoil?: true
}

/** Some records went through. Those in neither list did. */
export interface Partly {
  ok: 'partly'
  /** Indices of records to send again, in order. */
  retry: number[]
  refused: Refusal[]
  /** Why there are records to send again; of no meaning when there are none. */
  code: string
  message: string
  retryAfterMs?: number
}

export type SendResult = { ok: true } | Failed | Partly

export interface Output {
  /** Gets ready without needing the other side to be there. Rejects only on what no retry can mend. */
  start(): Promise<void>
  /**
   * Sends a batch and says what became of each record, as far as the protocol lets one know. Never rejects: failures are
   * results. `signal` aborts when the node must stop.
   */
  send(batch: Batch, signal: AbortSignal): Promise<SendResult>
  /** Releases sockets and files. Safe before `start` and when called twice. */
  stop(): Promise<void>
}

export interface OutputContext {
  id: string
  log: Logger
  clock: Clock
  /** What its records are. */
  signal: Signal
  /** For outputs that speak HTTP: where their requests go through. */
  upstreams: Upstreams
}

/** What a batch may hold at most. What is configured beyond it is cut down to it. */
export interface VendorLimits {
  records?: number
  /** As `weigh` counts them, or encoded bytes. */
  bytes?: number
  /** A record above this is refused for good before it is sent. */
  recordBytes?: number
}

/** Names an encoder and says how it shall write. Plain data without secrets: it crosses into engine threads. */
export interface EncoderPlan {
  name: string
  options?: Readonly<Record<string, unknown>>
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
  /** What it can carry; `logs` without it. One output carries one signal. */
  signals?: readonly Signal[]
  /** Which encoder gives this output its records. */
  encoder(options: z.output<Config>, signal: Signal): EncoderPlan
  /** `send` calls that may be under way at once; 1 keeps order. */
  concurrency?(options: z.output<Config>): number
  /** Batch limits where nobody has configured others. */
  batch?: Partial<BatchLimits>
  /** What happens when its memory queue is full, where nobody has configured it; `spool` without it. */
  whenFull?: WhenFull
  /** What the other side takes at most in one request. */
  limits?(options: z.output<Config>): VendorLimits
  /** Bytes of the encoded record [from, to) as the other side counts them. Called for each record: cheap. */
  weigh?(bytes: Bytes, from: number, to: number): number
  create(options: z.output<Config>, context: OutputContext): Output
}

export function defineOutput<Config extends z.ZodObject>(
  definition: Omit<OutputDefinition<Config>, 'kind'>,
): OutputDefinition<Config> {
  return { kind: 'output', ...definition }
}
