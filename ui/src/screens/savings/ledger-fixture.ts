/** The example of `docs/guides/savings.md`, as the API answers it, for tests. */
import type { Savings } from '#contract/savings.ts'

const none = { records: 0, bytes: 0 }
const price = {
  id: 'p1',
  since: '2026-01-01',
  currency: 'EUR',
  per_gb: 0.12,
  unit: 'GB',
  per_million_events: 1.4,
} as const

export function exampleSavings(overrides: Partial<Savings> = {}): Savings {
  const saved = { records: 4e6, bytes: 5e9 }
  const money = [{ currency: 'EUR', amount: 6.32 }]
  return {
    from: Date.UTC(2026, 0, 1),
    to: Date.UTC(2026, 0, 2),
    in: { records: 10e6, bytes: 10e9 },
    forwarded: { records: 6e6, bytes: 5e9 },
    saved,
    money,
    by_kind: [
      { kind: 'dropped', saved: { records: 4e6, bytes: 4e9 }, money: [{ currency: 'EUR', amount: 6.176 }] },
      { kind: 'sampled', saved: none, money: [{ currency: 'EUR', amount: 0 }] },
      { kind: 'deduplicated', saved: none, money: [{ currency: 'EUR', amount: 0 }] },
      { kind: 'aggregated', saved: none, money: [{ currency: 'EUR', amount: 0 }] },
      { kind: 'edited', saved: { records: 0, bytes: 1e9 }, money: [{ currency: 'EUR', amount: 0.144 }] },
      { kind: 'emitted', saved: none, money: [{ currency: 'EUR', amount: 0 }] },
    ],
    by_rule: [
      {
        configuration: 'default',
        pipeline: 'main',
        rule: 'drop_debug',
        type: 'filter',
        what: 'rule',
        saved: { records: 4e6, bytes: 4e9 },
        money: [{ currency: 'EUR', amount: 6.176 }],
      },
    ],
    by_output: [
      {
        configuration: 'default',
        output: 'vendor',
        type: 'http',
        saved: { records: 4e6, bytes: 6e9 },
        money,
        ratio: { bytes: 1.2, records: 1 },
        prices: [price],
        lost: { overwritten: none, expired: none, rejected: { records: 3, bytes: 300 }, lost: none },
      },
    ],
    by_service: [{ service: '', estimated: true, samples: 0, saved, money }],
    not_counted: { bypassed: { records: 1, bytes: 100 }, quarantined: none, rejected: none, overwritten: none },
    ...overrides,
  }
}
