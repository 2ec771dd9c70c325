/** What goes through a gateway now, and what waits in it. */
import type { LiveEntry } from '#contract/series.ts'
import type { Amount, NodeStats } from '#contract/stats.ts'

export interface Flow {
  in: Amount
  out: Amount
}

/** Each second, over all pipelines; null until the gateway has told twice. */
export function flowOf({ rates }: Pick<LiveEntry, 'rates'>): Flow | null {
  if (rates === null) return null
  const flow: Flow = { in: { records: 0, bytes: 0 }, out: { records: 0, bytes: 0 } }
  for (const pipeline of rates.pipelines) {
    add(flow.in, pipeline.in)
    add(flow.out, pipeline.out)
  }
  return flow
}

export interface Waiting {
  /** Came in, and no rule has seen it yet. */
  intake: number
  /** For outputs, in memory. */
  queue: number
  /** For outputs, on disk. */
  spool: number
  total: number
}

/** Bytes that came in and have not gone out. */
export function waitingOf({ intake, outputs }: Pick<NodeStats, 'intake' | 'outputs'>): Waiting {
  let [queue, spool] = [0, 0]
  for (const output of outputs) {
    queue += output.queue.bytes
    spool += output.spool?.bytes ?? 0
  }
  return { intake: intake.bytes, queue, spool, total: intake.bytes + queue + spool }
}

function add(sum: Amount, { records, bytes }: Amount): void {
  sum.records += records
  sum.bytes += bytes
}
