/**
 * Takes requests in, however they came: who may send, what is well-formed, and whether there is room.
 *
 * A request goes into the intake as it is, whole where it fits; otherwise cut where a resource, scope or record ends.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { checkRequest, splitRequest } from '#codecs/otlp/request.ts'
import type { BodyLimits } from '#component/exchange.ts'
import type { RejectReason, SourceContext } from '#component/source.ts'
import { Acceptance, type Piece, putPieces } from '#listeners/acceptance.ts'
import { type Admitted, type ApiKeyOptions, ApiKeys, shownKey } from '#listeners/api-keys.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'
import { Code, type Refusal, type Taken } from './answer.ts'

/** When to come again, where nothing better is known. */
export const RETRY_MS = 1000

/** Names of the decoders in engines. */
const DECODERS: Record<Signal, string> = { logs: 'otlp_logs', metrics: 'otlp_metrics', traces: 'otlp_traces' }
const RECORDS: Record<Signal, string> = { logs: 'log records', metrics: 'metrics', traces: 'spans' }

const unknownKey: Refusal = {
  status: 401,
  code: Code.unauthenticated,
  message: 'An API key is asked for, as a bearer token or in X-API-Key.',
}
const later = { status: 503, code: Code.unavailable, retryMs: RETRY_MS }
const noRoom: Refusal = { ...later, message: 'There is no room for more records now.' }
const late: Refusal = { ...later, message: 'What came before is not safe yet.' }
const unsafe: Refusal = { ...later, message: 'It cannot be kept safe now; send it again.' }

export type Admission = { ok: true; key: Admitted } | { ok: false; refusal: Refusal }
export type Reception = { ok: true; taken: Taken } | { ok: false; refusal: Refusal }

/** What the doors of one source share. */
export interface Around {
  context: SourceContext
  reception: Receptionist
  limits: BodyLimits
  /** Of this door. */
  gauge(connections: number): void
}

export class Receptionist {
  readonly #context: SourceContext
  readonly #acceptance: Acceptance
  readonly #keys: ApiKeys

  constructor(context: SourceContext, durableTimeoutMs: number, keys: readonly ApiKeyOptions[]) {
    this.#context = context
    this.#acceptance = new Acceptance(context, durableTimeoutMs)
    this.#keys = new ApiKeys(keys, context.clock)
  }

  /** To be asked before a body is read. `bytes`: what the head says of its size. */
  admit(signal: Signal, headers: IncomingHttpHeaders, bytes: number): Admission {
    const admission = this.#keys.admit(shownKey(headers))
    if (admission.kind === 'unknown') return this.refuse(signal, 'unauthorized', unknownKey, bytes)
    if (admission.kind === 'over_limit') {
      const { key, retryAfterMs: retryMs } = admission
      const message = `The API key "${key.name}" has sent what it may for now.`
      return this.refuse(signal, 'over_limit', { status: 429, code: Code.resourceExhausted, message, retryMs }, bytes)
    }
    if (this.#context.carries(signal)) return { ok: true, key: admission.key }
    return { ok: false, refusal: { status: 404, code: Code.unimplemented, message: `No pipeline takes ${signal}.` } }
  }

  /** Counts a refusal at the door, as one record. */
  refuse(signal: Signal, reason: RejectReason, refusal: Refusal, bytes: number): { ok: false; refusal: Refusal } {
    this.#context.reject(reason, 1, bytes, signal)
    return { ok: false, refusal }
  }

  malformed(signal: Signal, message: string, bytes: number): { ok: false; refusal: Refusal } {
    return this.refuse(signal, 'malformed', { status: 400, code: Code.invalidArgument, message }, bytes)
  }

  /**
   * Takes an `Export…ServiceRequest`. It must not change before `release` is called, as soon as it is not needed any
   * more. Never rejects.
   */
  async take(signal: Signal, origin: number, request: Bytes, key: Admitted, release: () => void): Promise<Reception> {
    const { length } = request
    const checked = checkRequest(signal, request, 0, length)
    if (!checked.ok || this.#acceptance.isLate) {
      release()
      return checked.ok
        ? this.refuse(signal, 'overload', late, length)
        : this.malformed(signal, checked.message, length)
    }
    const { entryBytesMax } = this.#context.intake
    const cut = length > entryBytesMax ? splitRequest(request, 0, length, entryBytesMax) : undefined
    const requests = cut?.pieces ?? (checked.records > 0 ? [request] : [])
    const isSafe = this.#acceptance.follow(origin)
    const put = await putPieces(this.#context.intake, piecesOf(requests, { origin, framing: DECODERS[signal] }))
    release()
    if (put === 'no_room') return this.refuse(signal, 'overload', noRoom, length)
    key.spend(checked.records, length)
    // What is not safe has been taken all the same, and counts as that.
    if (requests.length > 0 && !(await isSafe())) return { ok: false, refusal: unsafe }
    return { ok: true, taken: this.#takenBut(signal, cut?.tooLarge ?? 0, cut?.tooLargeBytes ?? 0) }
  }

  #takenBut(signal: Signal, rejected: number, bytes: number): Taken {
    if (rejected === 0) return { rejected, message: '' }
    this.#context.reject('body_too_large', rejected, bytes, signal)
    const limit = this.#context.intake.entryBytesMax
    return { rejected, message: `${rejected} ${RECORDS[signal]} are above ${limit} bytes with their resource.` }
  }
}

function* piecesOf(requests: readonly Bytes[], entry: Piece['entry']): Generator<Piece> {
  for (const body of requests) yield { entry, body, from: 0, to: body.length }
}
