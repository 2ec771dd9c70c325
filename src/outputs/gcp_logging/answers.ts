/** What Cloud Logging's answers mean (google.rpc.Status, and WriteLogEntriesPartialErrors in its details). */
import type { Failed, Partly } from '#component/output.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'

const REASON_CHARACTERS_MAX = 200

/** By number, as google.rpc.Code counts them. */
const CODES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
]
/**
 * What passes, of a single entry. Of the whole request the status tells: 403 passes too, while PERMISSION_DENIED of one
 * entry among others that were written has to do with that entry.
 */
const RETRYABLE = new Set([
  ...['CANCELLED', 'UNKNOWN', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE'],
  'UNAUTHENTICATED',
])
/** One record made all of the request unreadable, or there was too much of it: the halves may go through. */
const HALVES_MAY_DO = /^(invalid json payload|request payload size exceeds)/i

interface RpcStatus {
  code?: unknown
  message?: unknown
  status?: unknown
  details?: unknown
}

/** `failed` is what the status of the answer alone says, if nothing was written. */
export function judged(answer: UpstreamAnswer, records: number, failed: Failed): Failed | Partly {
  const error = errorIn(answer)
  const reason = reasonOf(error)
  const name = String(error.status)
  const known = CODES.includes(name)
  const told: Failed = known
    ? { ...failed, code: name, message: `Cloud Logging answered ${answer.status} ${name}: ${reason}` }
    : failed
  const partly = partial(error, records, told)
  if (partly !== undefined) return partly
  if (HALVES_MAY_DO.test(reason)) told.tooLarge = true
  return told
}

/**
 * With `partialSuccess` an answer of any failing status names the entries that were not written; the others were.
 * Undefined: none is named, so none was written.
 */
function partial(error: RpcStatus, records: number, { retryAfterMs }: Failed): Partly | undefined {
  const partly: Partly = { ok: 'partly', retry: [], refused: [], code: '', message: '' }
  for (const [index, status] of Object.entries(entryErrors(error))) {
    const record = Number(index)
    if (!Number.isInteger(record) || record < 0 || record >= records) continue
    const entry = Object(status) as RpcStatus
    const code = CODES[Number(entry.code)] ?? 'UNKNOWN'
    const message = reasonOf(entry)
    if (RETRYABLE.has(code)) {
      partly.retry.push(record)
      partly.code = code
      partly.message = message
    } else partly.refused.push({ record, code, message })
  }
  partly.retry.sort((a, b) => a - b)
  partly.refused.sort((a, b) => a.record - b.record)
  if (partly.retry.length === 0) {
    const [first] = partly.refused
    if (first === undefined) return undefined
    partly.code = first.code
    partly.message = first.message
  }
  if (retryAfterMs !== undefined) partly.retryAfterMs = retryAfterMs
  return partly
}

function entryErrors({ details }: RpcStatus): Record<string, unknown> {
  if (!Array.isArray(details)) return {}
  const found = details.find((detail) => String(Object(detail)['@type']).endsWith('.WriteLogEntriesPartialErrors'))
  return Object(Object(found).logEntryErrors)
}

function errorIn({ body }: UpstreamAnswer): RpcStatus {
  try {
    return Object(Object(JSON.parse(body.toString())).error)
  } catch {
    return {}
  }
}

function reasonOf({ message }: RpcStatus): string {
  return typeof message === 'string' ? message.slice(0, REASON_CHARACTERS_MAX) : 'no reason given'
}
