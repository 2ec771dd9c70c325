import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newWebhook, webhookBody, webhookEventTypes } from '#contract/webhook.ts'
import * as words from '#ui/screens/alerts/webhook-words.ts'

test('a form makes a webhook that the API takes, and changes only what was given', () => {
  const form = { ...words.newWebhookForm(), name: ' On-call pager ', url: ' https://ops.example.com/x ' }
  assert.deepEqual(words.newWebhookOf(form), {
    id: 'on_call_pager',
    name: 'On-call pager',
    kind: 'standard',
    url: 'https://ops.example.com/x',
    events: ['alert.*'],
    enabled: true,
  })
  assert.ok(newWebhook.safeParse(words.newWebhookOf(form)).success)
  const there = words.formOfWebhook({
    ...newWebhook.parse(words.newWebhookOf(form)),
    disabled_reason: null,
    updated_at: 0,
    updated_by: '',
  })
  assert.deepEqual(words.webhookBodyOf(there), { name: 'On-call pager', events: ['alert.*'], enabled: true })
  const secret = words.newSecret()
  assert.ok(webhookBody.safeParse(words.webhookBodyOf({ ...there, secret })).success)
  assert.notEqual(secret, words.newSecret())
})

test('everything takes the place of single families, and the other way round', () => {
  assert.deepEqual(words.toggled(['alert.*', 'gateway.*'], '*', true), ['*'])
  assert.deepEqual(words.toggled(['*'], 'gateway.*', true), ['gateway.*'])
  assert.deepEqual(words.toggled(['alert.*', 'gateway.*'], 'alert.*', false), ['gateway.*'])
})

test('each kind of event has words, and each belongs to a family or is the test', () => {
  for (const type of webhookEventTypes) {
    assert.notEqual(words.typeText(type), type)
    const family = `${type.split('.')[0]}.*`
    assert.ok(type === 'webhook.test' || words.families.some(({ value }) => value === family), type)
  }
  assert.equal(words.eventsText(['alert.*', 'gateway.offline']), 'Alerts, Gateways go offline')
  assert.equal(words.eventsText(['*']), 'Everything')
  assert.equal(words.typeText('constructor'), 'constructor')
})
