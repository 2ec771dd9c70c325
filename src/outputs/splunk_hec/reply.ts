/** What the HTTP Event Collector says, and what it means for a batch. */
import type { Failed, Refusal, SendResult } from '#component/output.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'

/** Codes of the collector that mean something to us; beside them the HTTP status says enough. */
export const HecCode = {
  tokenDisabled: 1,
  tokenRequired: 2,
  invalidAuthorization: 3,
  invalidToken: 4,
  invalidFormat: 6,
  internalError: 8,
  busy: 9,
  eventRequired: 12,
  eventBlank: 13,
  ackDisabled: 14,
} as const

/** The collector is busy, or does not know the token: nothing is wrong with the events. */
const PASSING: ReadonlySet<number> = new Set([
  ...[HecCode.tokenDisabled, HecCode.tokenRequired, HecCode.invalidAuthorization, HecCode.invalidToken],
  ...[HecCode.internalError, HecCode.busy],
])
/** The fault lies in one event. Others (a wrong index, a bad indexed field) would strike every event alike. */
const OF_ONE_EVENT: ReadonlySet<number> = new Set([HecCode.invalidFormat, HecCode.eventRequired, HecCode.eventBlank])

export interface HecReply {
  code: number | undefined
  text: string
  /** Index of the first event that is bad. Splunk has taken those before it, and not looked at those behind it. */
  invalidEvent: number | undefined
  ackId: number | undefined
}

/** Whatever the body holds: what is not there, or is no number, is undefined. */
export function readReply({ body }: UpstreamAnswer): HecReply {
  const reply: HecReply = { code: undefined, text: '', invalidEvent: undefined, ackId: undefined }
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    return reply
  }
  if (typeof value !== 'object' || value === null) return reply
  const members = value as Record<string, unknown>
  reply.code = index(members['code'])
  reply.text = typeof members['text'] === 'string' ? members['text'].slice(0, 200) : ''
  reply.invalidEvent = index(members['invalid-event-number'])
  reply.ackId = index(members['ackId'])
  return reply
}

function index(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

export interface JudgeOptions {
  records: number
  /** Whether records before the bad one need no sending again. */
  takenBeforeBad: boolean
  /** Whether records are events of their own, which the collector numbers. */
  perEvent: boolean
}

/** `failed` is what the status alone says. */
export function judge(
  reply: HecReply,
  failed: Failed,
  { records, takenBeforeBad, perEvent }: JudgeOptions,
): SendResult {
  const { code, text, invalidEvent } = reply
  if (code === undefined) return failed
  const message = `Splunk answered ${code}: ${text}`
  if (PASSING.has(code)) {
    return { ...failed, retryable: true, code: `hec_${code}`, message }
  }
  const isOne = perEvent && OF_ONE_EVENT.has(code) && invalidEvent !== undefined && invalidEvent < records
  if (failed.retryable || !isOne) return { ...failed, code: `hec_${code}`, message }
  const refused: Refusal[] = [{ record: invalidEvent, code: `hec_${code}`, message }]
  const retry: number[] = []
  for (let i = takenBeforeBad ? invalidEvent + 1 : 0; i < records; i++) if (i !== invalidEvent) retry.push(i)
  return {
    ok: 'partly',
    retry,
    refused,
    code: 'hec_unread',
    message: 'Splunk stopped reading the batch at an event that it refused',
  }
}
