/** Rules of all kinds and how they read, for tests. */
import { type AlertRuleBody, alertRuleBody } from '#contract/alert.ts'

const MIB = 1024 * 1024

export function ruleOf(overrides: Record<string, unknown>): AlertRuleBody {
  return alertRuleBody.parse({ name: 'a rule', ...overrides })
}

/** What is not given takes its default. */
export const sentences: [Record<string, unknown>, string][] = [
  [
    { condition: { kind: 'volume', is: 'above', threshold: 50 * MIB }, for_minutes: 5, scope: { pipeline: 'x' } },
    'bytes in above 50 MiB/min for 5 minutes on pipeline x',
  ],
  [
    {
      condition: { kind: 'volume', is: 'below', measure: 'records', direction: 'out', threshold: 1 },
      scope: { gateway: 'eu-*', configuration: 'edge' },
    },
    'records out below 1 records/min for 1 minute on gateway eu-*, configuration edge',
  ],
  [
    { condition: { kind: 'reduction', is: 'below', threshold: 20 }, for_minutes: 15 },
    'reduction in bytes below 20 % for 15 minutes',
  ],
  [{ condition: { kind: 'bypass' } }, 'anything past the rules, or a pipeline in bypass or hold, for 1 minute'],
  [
    { condition: { kind: 'spool_growth', bytes_above: MIB, growing_minutes: 10 }, scope: { output: 'vendor' } },
    'more than 1 MiB waiting on disk or more waiting on disk with each of 10 minutes for 1 minute on output vendor',
  ],
  [{ condition: { kind: 'dead_letters', more_than: 1 } }, 'more than 1 record refused within 5 minutes for 1 minute'],
  [{ condition: { kind: 'lost' } }, 'more than 0 records lost within 5 minutes for 1 minute'],
  [{ condition: { kind: 'gateway_offline' }, for_minutes: 5 }, 'a gateway offline for 5 minutes'],
  [{ condition: { kind: 'gateway_offline', gateways: 3 } }, 'at least 3 gateways offline for 1 minute'],
  [{ condition: { kind: 'config_failed' } }, 'a gateway that refused its version for 1 minute'],
]
