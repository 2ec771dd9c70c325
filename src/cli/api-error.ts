/** What a controller says when it says no (RFC 9457), as a message for people. */
import { StreamgateError } from '#contract/error.ts'

/** The controller said no. `complaints` point into the body that was sent (RFC 6901). */
export class ApiError extends StreamgateError {
  override name = 'ApiError'
  readonly status: number
  readonly detail: string
  readonly complaints: readonly { pointer: string; detail: string }[]
  constructor(what: string, status: number, problem: Partial<Pick<ApiError, 'detail' | 'complaints'>>) {
    const { detail = `the controller answered ${status}`, complaints = [] } = problem
    const lines = complaints.map((complaint) => `  ${complaint.pointer || '/'}: ${complaint.detail}`)
    const remedy = REMEDIES[status] === undefined ? '' : `; ${REMEDIES[status]}`
    super('SG_USAGE', [`${what}: ${detail} (${status})${remedy}`, ...lines].join('\n'))
    this.status = status
    this.detail = detail
    this.complaints = complaints
  }
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'give an API key with STREAMGATE_API_KEY or --key-file',
  412: 'somebody else has changed it meanwhile',
}

/** What of a problem document (RFC 9457) can be used; whatever else a server sends is left out. */
export function problemOf(value: unknown): Partial<Pick<ApiError, 'detail' | 'complaints'>> {
  const { detail, title, errors } = (value ?? {}) as Record<string, unknown>
  const complaints = (Array.isArray(errors) ? errors : []).flatMap((entry: unknown) => {
    const { pointer, detail } = (entry ?? {}) as Record<string, unknown>
    return typeof detail === 'string'
      ? [{ pointer: typeof pointer === 'string' ? plain(pointer) : '', detail: plain(detail) }]
      : []
  })
  const text = [detail, title].find((part) => typeof part === 'string') as string | undefined
  return { complaints, ...(text === undefined ? {} : { detail: plain(text) }) }
}

/** Control characters could do things to a terminal. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
