/** Rules to begin with: each is a form that is filled in, to look at and to save. */
import type { AlertKind } from '#contract/alert.ts'
import { newRuleForm, type RuleForm } from '#ui/screens/alerts/rule-form.ts'

export interface Starter {
  /** What it is for, in a sentence. */
  why: string
  form: RuleForm
}

export const starters: readonly Starter[] = [
  starter(
    'bypass',
    'Records go past the rules',
    'A pipeline fails open: what should be dropped or redacted goes out.',
    {
      severity: 'critical',
      description: 'See which pipeline is bypassed, and why, on the fleet screen.',
    },
  ),
  starter(
    'dead_letters',
    'A receiver refuses records',
    'Refused records are kept as dead letters until somebody looks.',
    {
      severity: 'critical',
      description: 'Look at the dead letters of the output, and replay them when the cause is gone.',
    },
  ),
  starter('gateway_offline', 'A gateway is gone', 'Nothing has been heard of a gateway for five minutes.', {
    forMinutes: '5',
    description: 'See on the fleet screen which gateway it is, and when it was heard last.',
  }),
  starter('reduction', 'The rules take away too little', 'A rule that matches nothing any more saves nothing.', {
    is: 'below',
    percent: '20',
    forMinutes: '15',
    resolveMinutes: '5',
    description: 'A format may have changed: see which rules match nothing.',
  }),
  starter('volume', 'Much more comes in than usual', 'A burst costs money before anybody sees the bill.', {
    is: 'above',
    bytes: { amount: '50', unit: 'MiB' },
    forMinutes: '5',
    resolveMinutes: '5',
    description: 'See which service has become loud.',
  }),
]

function starter(kind: AlertKind, name: string, why: string, more: Partial<RuleForm>): Starter {
  return { why, form: { ...newRuleForm(), kind, name, ...more } }
}
