import assert from 'node:assert/strict'
import { test } from 'node:test'
import { likesOf, slug } from '#ui/screens/studio/likes.ts'

test('a line can be dropped by its like, or by itself', () => {
  const [like, literal] = likesOf('drop', 'DEBUG cache miss for user 13\nanother')
  assert.equal(like!.shown, 'DEBUG cache miss for user <number>')
  assert.deepEqual(like!.rule.params, { pattern: String.raw`DEBUG cache miss for user \d+` })
  assert.equal(like!.rule.id, 'drop_debug_cache_miss_for_user')
  assert.deepEqual(literal!.rule.params, { value: 'DEBUG cache miss for user 13' })
})

test('keeping is the same with the mode keep', () => {
  assert.deepEqual(
    likesOf('keep', ' ERROR ').map(({ rule }) => rule),
    [{ id: 'keep_error', type: 'filter', params: { value: 'ERROR', mode: 'keep' } }],
  )
})

test('what looks personal is redacted by its detector first', () => {
  const likes = likesOf('redact', 'ann@example.com')
  assert.deepEqual(
    likes.map(({ rule: { id, params } }) => [id, params]),
    [
      ['redact_email', { builtin: 'email' }],
      ['redact_text', { pattern: String.raw`ann@example\.com` }],
    ],
  )
})

test('a rule that redacts is named by the kind of what it looks for, never by that itself', () => {
  const ids = (text: string) => likesOf('redact', text).map(({ rule }) => rule.id)
  assert.deepEqual(ids('192.0.2.17'), ['redact_ipv4', 'redact_text'])
  assert.deepEqual(ids('38101a0b-2096-447d-96ea-a692162415ae'), ['redact_uuid', 'redact_text'])
  assert.deepEqual(ids('"Session-Token":"abc"'), ['redact_session_token', 'redact_text'])
})

test('what may differ is no part of the name', () => {
  const [like] = likesOf('drop', 'Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass')
  assert.equal(like!.rule.id, 'drop_combo_sshd_pam_unix_check_pass')
})

test('space alone makes no rule, and a name is found for anything', () => {
  assert.deepEqual(likesOf('drop', ' \n '), [])
  assert.equal(slug('12 %% 7'), 'lines')
  assert.equal(slug('{"level":"debug","msg":"a b"}'), 'level_debug_msg')
  assert.ok(slug('word '.repeat(40)).length <= 32)
})
