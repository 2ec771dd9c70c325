/** By what alert rules can be confined; apart from the schemas, so that pages can know it without them. */
import type { AlertKind, ScopeKey } from './alert.ts'

/** By what each kind can be confined. */
export const scopeKeys: Record<AlertKind, readonly ScopeKey[]> = {
  volume: ['configuration', 'pipeline', 'gateway'],
  reduction: ['configuration', 'pipeline', 'gateway'],
  bypass: ['configuration', 'pipeline'],
  spool_growth: ['configuration', 'output'],
  dead_letters: ['configuration', 'output'],
  lost: ['configuration', 'output'],
  gateway_offline: ['configuration', 'gateway'],
  config_failed: ['configuration', 'gateway'],
}
