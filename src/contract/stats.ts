/** What `GET /stats` of a node and `GET /api/v1/stats` of a controller answer: the books, as they stand. */
import { z } from 'zod'

const amount = z.object({ records: z.number(), bytes: z.number() })
export type Amount = z.infer<typeof amount>

/** `in + edited.bytes = dropped + sampled + deduplicated + aggregated + quarantined + rejected + overwritten + forwarded + in_flight` */
export const pipelineBooks = z.object({
  id: z.string(),
  state: z.enum(['normal', 'pressed', 'bypass', 'hold', 'probing']),
  /** Unix milliseconds of the last change of state. */
  since: z.number(),
  in: amount,
  dropped: amount,
  sampled: amount,
  deduplicated: amount,
  aggregated: amount,
  quarantined: amount,
  rejected: amount,
  overwritten: amount,
  forwarded: amount,
  in_flight: amount,
  /** Bytes that edits added (or, negative, took away). Records in: what was edited. */
  edited: amount,
  /** Went to the outputs without the rules that should have run. Beside the sum. */
  bypassed: amount,
  /** Delivered or counted twice after an engine was replaced. Beside the sum. */
  duplicated: amount,
  rules: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      ended: amount,
      quarantined: amount,
      edited: amount,
      errors: z.number(),
    }),
  ),
})
export type PipelineBooks = z.infer<typeof pipelineBooks>

/** `forwarded + replayed = delivered + rejected + expired + overwritten + lost + kept + in_flight`, in encoded bytes */
export const outputBooks = z.object({
  id: z.string(),
  type: z.string(),
  forwarded: amount,
  replayed: amount,
  delivered: amount,
  rejected: amount,
  expired: amount,
  overwritten: amount,
  /** Was on disk and could not be read. */
  lost: amount,
  /** Left on disk when the output ended, for the next start to send. */
  kept: amount,
  in_flight: amount,
  retries: z.number(),
  /** Requests that the other side found too large and that were sent again in halves. */
  splits: z.number(),
  /** Code and text of the last failure; null when the last send went through. */
  last_error: z.object({ code: z.string(), message: z.string(), at: z.number() }).nullable(),
  /** Memory in use by what waits. */
  queue: z.object({ bytes: z.number(), bytes_max: z.number() }),
  /** Null without a data directory. `failure`: what the disk says while it fails. */
  spool: z
    .object({
      bytes: z.number(),
      bytes_max: z.number(),
      failures: z.number(),
      broken_bytes: z.number(),
      failure: z.object({ code: z.string(), message: z.string() }).nullable(),
    })
    .nullable(),
})
export type OutputBooks = z.infer<typeof outputBooks>

export const sourceBooks = z.object({
  id: z.string(),
  type: z.string(),
  address: z.string(),
  entries: z.number(),
  bytes: z.number(),
  connections: z.number(),
  truncated: z.number(),
  rejected: z.record(z.string(), amount),
  /** Lost before us: what the kernel says it dropped. */
  lost_before: z.number(),
})
export type SourceBooks = z.infer<typeof sourceBooks>

export const nodeStats = z.object({
  id: z.string(),
  version: z.string(),
  started_at: z.number(),
  /** Hash of the configuration that runs, and how many reloads went through or failed. */
  config: z.object({
    hash: z.string(),
    reloads: z.number(),
    failed: z.number(),
    last_error: z.string().nullable(),
  }),
  intake: z.object({
    bytes: z.number(),
    bytes_max: z.number(),
    entries: z.number(),
    entries_max: z.number(),
  }),
  engines: z.array(z.object({ restarts: z.number(), state: z.enum(['running', 'stalled', 'starting']) })),
  sources: z.array(sourceBooks),
  pipelines: z.array(pipelineBooks),
  outputs: z.array(outputBooks),
})
export type NodeStats = z.infer<typeof nodeStats>
