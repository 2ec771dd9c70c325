/** What a bulk request's answer says of each document. */
import type { Refusal, SendResult } from '#component/output.ts'
import { ANSWER_BYTES_MAX } from '#upstreams/connections.ts'

const CONFLICT = 409
const TOO_MANY_REQUESTS = 429
/** How much of a refusal is told. */
const REASON_CHARACTERS_MAX = 200

interface Item {
  action: string
  status: number
  /** Type and reason. */
  reason: string
}

/** The request was answered with 200. */
export function judge(body: Buffer, records: number): SendResult {
  const answer = parse(body)
  if (answer?.errors === false) return { ok: true }
  const items = answer?.items.map(readItem)
  if (items === undefined || items.length !== records || items.includes(undefined)) return unreadable(body)
  const retry: number[] = []
  const refused: Refusal[] = []
  let why: Item | undefined
  for (const [record, item] of (items as Item[]).entries()) {
    const { action, status, reason } = item
    if (status >= 200 && status < 300) continue
    // The id is the record's own: what stands under it is this record, from a request whose answer we did not see.
    if (status === CONFLICT && action === 'create') continue
    if (status === TOO_MANY_REQUESTS || status >= 500) {
      retry.push(record)
      why ??= item
    } else {
      refused.push({ record, code: `bulk_${status}`, message: `the server refused the document: ${reason}` })
    }
  }
  if (retry.length === 0 && refused.length === 0) return { ok: true }
  const code = why === undefined ? 'bulk' : `bulk_${why.status}`
  return { ok: 'partly', retry, refused, code, message: `the server could not take a document: ${why?.reason ?? ''}` }
}

/** Sending again is safe, since records carry their ids. Halves have shorter answers. */
function unreadable(body: Buffer): SendResult {
  return body.length >= ANSWER_BYTES_MAX
    ? {
        ok: false,
        retryable: false,
        tooLarge: true,
        code: 'answer_too_large',
        message: 'the answer is too large to be read',
      }
    : {
        ok: false,
        retryable: true,
        code: 'answer_unreadable',
        message: 'the answer is none to a bulk request, or broke off',
      }
}

function parse(body: Buffer): { errors: unknown; items: unknown[] } | undefined {
  try {
    const value = JSON.parse(body.toString()) as { errors?: unknown; items?: unknown } | null
    return { errors: value?.errors, items: Array.isArray(value?.items) ? value.items : [] }
  } catch {
    return undefined
  }
}

/** `{"create":{"status":400,"error":{"type":"…","reason":"…"}}}` */
function readItem(item: unknown): Item | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const [entry] = Object.entries(item as Record<string, { status?: unknown; error?: unknown } | null>)
  const status = entry?.[1]?.status
  if (entry === undefined || typeof status !== 'number') return undefined
  return { action: entry[0], status, reason: reasonIn(entry[1]?.error) }
}

function reasonIn(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'no reason given'
  const { type, reason } = error as { type?: unknown; reason?: unknown }
  // Behind this stands what the record says, which belongs into no log of ours.
  const told = text(reason).replace(/\.? Preview of field's value:[\s\S]*/, '')
  return `${text(type)}: ${told}`.slice(0, REASON_CHARACTERS_MAX).replace(/\s+/g, ' ').trim()
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
