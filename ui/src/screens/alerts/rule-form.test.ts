import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertRuleBody } from '#contract/alert.ts'
import { ruleOf, sentences } from '#ui/screens/alerts/condition-fixture.ts'
import { bodyOfForm, formOfRule, idFrom, missingInRule, newRuleForm, splitBytes } from '#ui/screens/alerts/rule-form.ts'
import { starters } from '#ui/screens/alerts/starters.ts'

const MIB = 1024 * 1024

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
  assert.deepEqual(
    ['A gateway is gone', 'Übermäßig: 50 %!', '日本'].map((name) => idFrom(name)),
    ['a_gateway_is_gone', 'uberma_ig_50', 'rule'],
  )
})
