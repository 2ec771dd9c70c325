/** Rules to begin with: what most people want first. */
import type { RuleStart } from '#ui/forms/rule-editor.tsx'

export interface Starter {
  title: string
  why: string
  rule: RuleStart & { type: string }
}

export const starters: readonly Starter[] = [
  {
    title: 'Drop DEBUG',
    why: 'Lines that say DEBUG are seldom read, and often half of all.',
    rule: { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } },
  },
  {
    title: 'Redact personal data',
    why: 'Social security numbers, cards and e-mail addresses do not leave.',
    rule: { id: 'redact_personal', type: 'redact', params: { builtins: ['ssn', 'credit_card', 'email'] } },
  },
  {
    title: 'Keep 10 % of INFO',
    why: 'A sample shows what happens for a tenth of the price. It acts only where the level is INFO.',
    rule: {
      id: 'sample_info',
      type: 'sample',
      params: { keep_ratio: 0.1 },
      when: { field: 'level', equals: 'INFO' },
    },
  },
  {
    title: 'Drop repeats',
    why: 'The same record again within ten seconds says nothing new; the next one says how many there were.',
    rule: { id: 'drop_repeats', type: 'dedupe', params: { window_ms: 10_000 } },
  },
]
