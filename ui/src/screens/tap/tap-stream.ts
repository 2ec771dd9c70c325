/** The tap as it comes from the controller: batches of records, and gateways that have ended it. */
import type { ObservedRecord } from '#contract/observation.ts'
import { open, type Query } from '#ui/api/client.ts'
import { EventStreamParser } from '#ui/screens/tap/event-stream.ts'

export type TapEvent =
  | { kind: 'open' }
  | { kind: 'records'; gateway: string; records: ObservedRecord[]; skipped: number }
  /** `gateway` null: the controller has ended all of it. */
  | { kind: 'end'; gateway: string | null; reason: string }

/** Throws `ApiError` when it cannot be opened; ends when the connection does, or by `signal`. */
export async function* tapEvents(query: Query, signal: AbortSignal): AsyncGenerator<TapEvent> {
  const response = await open('/tap', query, signal)
  yield { kind: 'open' }
  const parser = new EventStreamParser()
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      for (const { event, data } of parser.push(value)) {
        if (event === 'records' || event === 'end') yield { kind: event, ...JSON.parse(data) } as TapEvent
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
