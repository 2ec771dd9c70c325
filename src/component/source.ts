/**
 * What a source is. It lives on the wire thread: it accepts bytes, frames them, and hands complete records to the
 * intake. It never looks into a record.
 */
import type { z } from 'zod'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { HttpListeners } from './exchange.ts'

/** What becomes of records that arrive when the intake is full. */
export const overflowPolicies = ['drop_oldest', 'block'] as const
export type Overflow = (typeof overflowPolicies)[number]

export interface IntakeEntry {
  /** Keeps order: everything of one origin (a connection, a sender) goes through one engine. Any integer. */
  origin: number
  /**
   * Name of the decoder that makes records of it, such as `lines`: complete lines, each but the last ended by `\n` or `\r\n`
   * (the last may be unterminated); `record`: one record, which may hold newlines; `json_array`: one JSON array, each
   * element a record.
   */
  framing: string
  truncated?: boolean
}

/**
 * The way into the node. `put` copies, so the caller's buffers are its own again when it returns.
 *
 * The bytes of an entry are `head` (if any) followed by [from, to) of `body`. At most `entryBytesMax` in all.
 * False: there is no room and the source's overflow policy is `block`; nothing was taken. Ask again after `onRoom`.
 * Under `drop_oldest` the answer is always true.
 */
export interface Intake {
  readonly entryBytesMax: number
  put(entry: IntakeEntry, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean
  /** Calls back once, soon after there is room again. */
  onRoom(callback: () => void): void
  /** For who promises: follows what is put for `origin` from now on. */
  follow(origin: number): Receipt
}

export interface Receipt {
  /**
   * True once everything that was put since `follow` has ended by a rule, or is with all outputs: on disk, where they write
   * what they take. False when some of it was given up instead. May take as long as the outputs let it.
   */
  safe(): Promise<boolean>
}

/** Why records were refused at the door. Bounded and low in number: these become metric labels. */
export type RejectReason =
  | 'line_too_long'
  | 'body_too_large'
  | 'malformed'
  | 'unsupported_encoding'
  | 'unsupported_media_type'
  | 'overload'
  | 'timeout'
  | 'not_allowed'
  | 'handshake'
  | 'unauthorized'
  | 'over_limit'
  | 'too_many_series'

export interface SourceContext {
  id: string
  intake: Intake
  log: Logger
  clock: Clock
  /** Whether an answer is a promise: see `Intake.follow`. Only for definitions that are `promising`. */
  durable: boolean
  /** Where HTTP is listened for. */
  listeners: HttpListeners
  /** Counts what was refused at the door. `records` is what is known: a body that is not read counts as one. */
  reject(reason: RejectReason, records: number, bytes: number, signal?: Signal): void
  /** Whether any pipeline takes this signal from the source now. Without one, records of it go nowhere. */
  carries(signal: Signal): boolean
  /**
   * For /stats and /metrics: connections open now; of sources that add up, lines so far and series that are known now.
   */
  gauge(name: 'connections' | 'lines' | 'series', value: number): void
}

export interface Source {
  /** Opens the listener. Rejects with `SG_LISTEN` when it cannot. */
  start(): Promise<void>
  /** Stops accepting, hands over what it holds, closes. Safe before `start` and when called twice. */
  stop(): Promise<void>
  /** Where it listens, such as `tcp://0.0.0.0:8081`: the real port when 0 was asked for. */
  address(): string
  /** Records that were lost before they reached us, as far as the system tells, since `start`. May ask the system: not per record. */
  lostBefore?(): number
}

export interface SourceDefinition<Config extends z.ZodObject = z.ZodObject> {
  kind: 'source'
  name: string
  summary: string
  config: Config
  /** What it brings; `logs` without it. */
  signals?: readonly Signal[]
  /** It answers its senders, so it can promise: `durable: true` is allowed. */
  promising?: boolean
  create(options: z.output<Config>, context: SourceContext): Source
}

export function defineSource<Config extends z.ZodObject>(
  definition: Omit<SourceDefinition<Config>, 'kind'>,
): SourceDefinition<Config> {
  return { kind: 'source', ...definition }
}
