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
  /** Made by rules of what they merged: they come in beside `in`. Absent at nodes of before there were any. */
  emitted: amount.default({ records: 0, bytes: 0 }),
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
      /** What it remembers: numbers by name, or what stands out, by name, with its numbers. */
      details: z
        .record(z.string(), z.union([z.number(), z.array(z.object({ name: z.string(), value: z.number() }))]))
        .optional(),
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
  /** Refused for good, and kept. Null where they are not kept. */
  dead_letters: amount.nullable(),
  /**
   * The shared upstream that it sends through; null where it names none: one of its own then has the output's id among
   * `upstreams`. Absent at nodes of before it was told.
   */
  upstream: z.string().nullable().optional(),
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
  /** Of sources that add up: lines that were taken in, and series that are known now. */
  summed: z.object({ lines: z.number(), series: z.number() }).optional(),
})
export type SourceBooks = z.infer<typeof sourceBooks>

/** One upstream: the way to servers that do the same. */
export const upstreamState = z.object({
  id: z.string(),
  /** False: it belongs to the output of that id, which sends to a URL of its own. */
  shared: z.boolean(),
  balance: z.string(),
  /** Too few targets are well, so that all are used. */
  panic: z.boolean(),
  breaker: z.object({ state: z.enum(['closed', 'open', 'half_open']), opened: z.number() }).nullable(),
  concurrency: z.object({ limit: z.number(), waiting: z.number() }).nullable(),
  /** Requests that have been asked for and have no result yet. */
  active: z.number(),
  /** By result. `failed`: nobody answered. An answer counts as one whatever its status. */
  requests: z.object({
    answered: z.number(),
    failed: z.number(),
    overflow: z.number(),
    breaker_open: z.number(),
    cancelled: z.number(),
  }),
  /** Further attempts within requests. */
  retries: z.number(),
  targets: z.array(
    z.object({
      url: z.string(),
      weight: z.number(),
      state: z.enum(['healthy', 'unhealthy', 'ejected', 'drained']),
      /** Unix milliseconds. */
      ejected_until: z.number().nullable(),
      ejections: z.number(),
      active: z.number(),
      /** For a connection. */
      waiting: z.number(),
      /** Moving average over about ten seconds; null before the first answer. */
      latency_ms: z.number().nullable(),
      /** Attempts, and those that ended in a 5xx or without an answer. */
      requests: z.number(),
      failures: z.number(),
    }),
  ),
})
export type UpstreamState = z.infer<typeof upstreamState>

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
  /**
   * Dead letters and dropped records that could not be kept, dead letters that gave way to younger ones, and what their database
   * says while it fails. Null where nothing is kept.
   */
  kept: z.object({ lost: z.number(), overwritten: z.number(), failure: z.string().nullable() }).nullable(),
  /** Absent at nodes of before there were any. */
  upstreams: z.array(upstreamState).optional(),
})
export type NodeStats = z.infer<typeof nodeStats>
