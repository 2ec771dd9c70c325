/** What a node and its controller say to each other beside OpAMP's own messages: JSON, as UTF-8, in custom messages. */
import type { z } from 'zod'
import { samplesRequest, tapStart, tapStop } from '#contract/fleet.ts'
import { type KeptTopic, keptRequest } from '#contract/kept-messages.ts'
import type { tapSelection } from '#contract/observation.ts'

/** From the controller; above this it is none of ours. */
export const REQUEST_BYTES_MAX = 64 * 1024

export const requests = {
  /** Answered by `samples`: { request, windows: SampleWindow[], error? }. */
  samples: samplesRequest,
  /** Answered by any number of `tap`: { tap, ...TapBatch, ended? }. With `ended`, a reason, it is the last one. */
  tap_start: tapStart,
  tap_stop: tapStop,
  /** Answered by `kept`: { request, answer } or { request, refused }. */
  kept: keptRequest,
} as const
export type RequestType = keyof typeof requests

export type NodeRequest =
  | { type: 'samples'; request: string; since?: number | undefined }
  | { type: 'tap_start'; tap: string; selection: z.infer<typeof tapSelection> }
  | { type: 'tap_stop'; tap: string }
  | { type: 'kept'; request: string; topic: KeptTopic; ask: unknown }

/** Undefined: it is none that we know. */
export function readRequest(type: string, data: Uint8Array): NodeRequest | undefined {
  if (!Object.hasOwn(requests, type) || data.length > REQUEST_BYTES_MAX) return undefined
  try {
    const parsed = requests[type as RequestType].safeParse(JSON.parse(Buffer.from(data).toString('utf8')))
    return parsed.success ? ({ type, ...parsed.data } as NodeRequest) : undefined
  } catch {
    return undefined
  }
}

export function asJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8')
}
