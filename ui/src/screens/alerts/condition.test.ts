import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conditionText, thresholdOf, valueText } from '#ui/screens/alerts/condition.ts'
import { ruleOf, sentences } from '#ui/screens/alerts/condition-fixture.ts'

const MIB = 1024 * 1024

test('a rule reads as a sentence, whatever its kind', () => {
  for (const [overrides, text] of sentences) assert.equal(conditionText(ruleOf(overrides)), text)
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
