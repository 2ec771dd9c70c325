import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AlertRuleBody, alertRuleBody } from '#contract/alert.ts'
import { conditionText, thresholdOf, valueText } from '#ui/screens/alerts/condition.ts'
import { bodyOfForm, formOfRule, idFrom, missingInRule, newRuleForm, splitBytes } from '#ui/screens/alerts/rule-form.ts'
import { starters } from '#ui/screens/alerts/starters.ts'

const MIB = 1024 * 1024

function ruleOf(overrides: Record<string, unknown>): AlertRuleBody {
  return alertRuleBody.parse({ name: 'a rule', ...overrides })
}

const sentences: [Record<string, unknown>, string][] = [
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

test('a rule reads as a sentence, whatever its kind', () => {
  for (const [overrides, text] of sentences) assert.equal(conditionText(ruleOf(overrides)), text)
})

test('a rule goes into the form and comes back as it was', () => {
  for (const [overrides] of sentences) {
    const rule = ruleOf({ webhooks: ['ops'], severity: 'critical', no_data: 'keep', ...overrides })
    const form = formOfRule('an_id', rule)
    assert.deepEqual(bodyOfForm(form), rule)
    assert.equal(missingInRule(form), undefined)
  }
})

test('what belongs to another kind stays in the form and is not sent', () => {
  const form = { ...newRuleForm(), name: 'x', kind: 'lost' as const, moreThan: '3' }
  form.scope = { configuration: ' edge ', pipeline: 'main', output: '', gateway: 'eu-1' }
  const body = bodyOfForm(form)
  assert.deepEqual(body.condition, { kind: 'lost', more_than: 3, within_minutes: 5 })
  assert.deepEqual(body.scope, { configuration: 'edge' })
  assert.ok(alertRuleBody.safeParse(body).success)
})

test('starter rules can be saved as they are', () => {
  for (const { form } of starters) assert.ok(alertRuleBody.safeParse(bodyOfForm(form)).success, form.name)
  assert.equal(new Set(starters.map(({ form }) => idFrom(form.name))).size, starters.length)
})

test('a form says what is missing', () => {
  const form = { ...newRuleForm(), name: 'x' }
  assert.equal(missingInRule(form), undefined)
  assert.match(missingInRule({ ...form, name: ' ' })!, /name/)
  assert.match(missingInRule({ ...form, bytes: { amount: '', unit: 'MiB' } })!, /number/)
  assert.match(
    missingInRule({ ...form, kind: 'spool_growth', waiting: { amount: '', unit: 'GiB' } })!,
    /how much may wait/,
  )
})

test('bytes are split into a short figure and its unit, and never rounded', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1000, '1000 B'],
    [1536, '1.5 KiB'],
    [50 * MIB, '50 MiB'],
    [MIB + 1, `${MIB + 1} B`],
    [1024 ** 4, '1 TiB'],
  ]
  for (const [value, text] of cases) {
    const { amount, unit } = splitBytes(value)
    assert.equal(`${amount} ${unit}`, text)
  }
})

test('names make ids', () => {
  assert.deepEqual(['A gateway is gone', 'Übermäßig: 50 %!', '日本'].map(idFrom), [
    'a_gateway_is_gone',
    'uberma_ig_50',
    'rule',
  ])
})

test('values have the unit of what was measured', () => {
  const texts = (condition: Record<string, unknown>, value: number | null) =>
    valueText(ruleOf({ condition }).condition, value)
  assert.equal(texts({ kind: 'volume', is: 'above', threshold: 1 }, 2 * MIB), '2 MiB/min')
  assert.equal(texts({ kind: 'reduction', is: 'below', threshold: 1 }, 12.345), '12.3 %')
  assert.equal(texts({ kind: 'gateway_offline' }, 1), '1 gateway')
  assert.equal(texts({ kind: 'lost' }, null), 'no data')
  assert.equal(thresholdOf(ruleOf({ condition: { kind: 'config_failed' } }).condition), undefined)
})
