/** Books with a different figure wherever a test looks. */
import type { NodeStats } from '#contract/stats.ts'

export function exampleStats(): NodeStats {
  const none = () => ({ records: 0, bytes: 0 })
  return {
    id: 'node-1',
    version: '0.1.0',
    started_at: 1_767_225_600_000,
    config: { hash: 'abc', reloads: 5, failed: 2, last_error: null },
    intake: { bytes: 2048, bytes_max: 67_108_864, entries: 3, entries_max: 65_536 },
    engines: [{ restarts: 1, state: 'stalled' }],
    sources: [
      {
        id: 'tcp',
        type: 'tcp',
        address: 'tcp://127.0.0.1:8081',
        entries: 7,
        bytes: 11_000,
        connections: 2,
        truncated: 1,
        rejected: { line_too_long: { records: 4, bytes: 400 } },
        lost_before: 9,
      },
    ],
    pipelines: [
      {
        id: 'main',
        state: 'pressed',
        since: 1_767_225_600_500,
        in: { records: 100, bytes: 10_000 },
        dropped: { records: 30, bytes: 3000 },
        sampled: none(),
        deduplicated: none(),
        aggregated: none(),
        quarantined: { records: 2, bytes: 200 },
        rejected: { records: 4, bytes: 400 },
        overwritten: none(),
        forwarded: { records: 60, bytes: 6000 },
        in_flight: { records: 4, bytes: 400 },
        edited: { records: 10, bytes: -50 },
        bypassed: { records: 1, bytes: 100 },
        duplicated: none(),
        rules: [
          {
            id: 'drop_debug',
            type: 'filter',
            ended: { records: 30, bytes: 3000 },
            quarantined: { records: 2, bytes: 200 },
            edited: { records: 10, bytes: -50 },
            errors: 3,
          },
        ],
      },
    ],
    outputs: [
      {
        id: 'out',
        type: 'http',
        forwarded: { records: 60, bytes: 6060 },
        replayed: none(),
        delivered: { records: 55, bytes: 5555 },
        rejected: none(),
        expired: none(),
        overwritten: none(),
        lost: none(),
        kept: none(),
        in_flight: { records: 5, bytes: 505 },
        retries: 6,
        splits: 0,
        last_error: null,
        queue: { bytes: 505, bytes_max: 4096 },
        spool: null,
      },
    ],
  }
}
