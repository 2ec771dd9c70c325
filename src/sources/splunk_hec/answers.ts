/** What Splunk's HTTP Event Collector answers, word for word. */
import type { Worded } from '#component/exchange.ts'

interface Answer {
  status: number
  text: string
}

/** By code. What Splunk says besides, such as of disabled tokens (1) and forbidden indexes (7), has no cause here. */
export const answers = {
  0: { status: 200, text: 'Success' },
  2: { status: 401, text: 'Token is required' },
  3: { status: 401, text: 'Invalid authorization' },
  4: { status: 403, text: 'Invalid token' },
  5: { status: 400, text: 'No data' },
  6: { status: 400, text: 'Invalid data format' },
  8: { status: 500, text: 'Internal server error' },
  9: { status: 503, text: 'Server is busy' },
  10: { status: 400, text: 'Data channel is missing' },
  11: { status: 400, text: 'Invalid data channel' },
  12: { status: 400, text: 'Event field is required' },
  13: { status: 400, text: 'Event field cannot be blank' },
  14: { status: 400, text: 'ACK is disabled' },
  15: { status: 400, text: 'Error in handling indexed fields' },
  16: { status: 400, text: 'Query string authorization is not enabled' },
  17: { status: 200, text: 'HEC is healthy' },
  18: { status: 503, text: 'HEC is unhealthy, queues are full' },
  27: { status: 413, text: 'Request entity too large' },
} as const satisfies Record<number, Answer>
export type HecCode = keyof typeof answers

/** Of the listener's own refusals: the code that says most nearly the same. */
const codes: Readonly<Record<number, HecCode>> = { 400: 6, 413: 27, 415: 6, 429: 9, 500: 8, 503: 9 }

export const JSON_TYPE = 'application/json'

export function bodyOf(code: HecCode, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ text: answers[code].text, code, ...more })
}

export function word(status: number, detail: string): Worded {
  const code = codes[status]
  const body = code === undefined ? JSON.stringify({ text: detail, code: status }) : bodyOf(code, { detail })
  return { type: JSON_TYPE, body }
}
