/** What the guide shows for verifying signatures verifies them, and nothing else. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newSigningSecret, signatureOf } from '#control/alerts/signature.ts'
import { requireService } from '#test/support/services.ts'

const GUIDE = new URL('../../docs/guides/alerts.md', import.meta.url)
const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1000

function exampleIn(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readFileSync(GUIDE, 'utf8'))
  assert.ok(found, `an example in ${language}`)
  return found[1]!
}

interface Case {
  headers: Record<string, string>
  body: string
  secret: string
  now: number
  isValid: boolean
}

function cases(): Case[] {
  const [secret, old, other] = [newSigningSecret(), newSigningSecret(), newSigningSecret()]
  const body = '{"type":"webhook.test","data":{"text":"é ☃"}}'
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(SECONDS),
    'webhook-signature': signatureOf([old, secret], 'msg_1', SECONDS, body),
  }
  const good: Case = { headers, body, secret: secret.reveal(), now: NOW, isValid: true }
  const bad = (change: Partial<Case>): Case => ({ ...good, ...change, isValid: false })
  return [
    good,
    { ...good, secret: old.reveal() },
    { ...good, now: NOW + 299_000 },
    bad({ secret: other.reveal() }),
    bad({ body: body.replace('é', 'e') }),
    bad({ now: NOW + 301_000 }),
    bad({ now: NOW - 301_000 }),
    bad({ headers: { ...headers, 'webhook-id': 'msg_2' } }),
    bad({ headers: { ...headers, 'webhook-timestamp': String(SECONDS + 1) } }),
    bad({ headers: { ...headers, 'webhook-timestamp': 'soon' } }),
    bad({ headers: { ...headers, 'webhook-signature': headers['webhook-signature'].replaceAll('v1,', 'v2,') } }),
    bad({ headers: { ...headers, 'webhook-signature': 'v1,' } }),
    bad({ headers: {} }),
  ]
}

test('the example in JavaScript', async () => {
  const module = await import(`data:text/javascript;base64,${Buffer.from(exampleIn('js')).toString('base64')}`)
  for (const [i, { headers, body, secret, now, isValid }] of cases().entries())
    assert.equal(module.verify(headers, Buffer.from(body), secret, now), isValid, `case ${i}`)
})

test('the example in Python', (t) => {
  if (!requireService(t, 'python3')) return
  const program = `${exampleIn('python')}
import json, sys
print(json.dumps([verify(c["headers"], c["body"].encode(), c["secret"], c["now"] / 1000) for c in json.load(sys.stdin)]))`
  const all = cases()
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: JSON.stringify(all), encoding: 'utf8' })
  assert.deepEqual(
    JSON.parse(stdout || '[]'),
    all.map(({ isValid }) => isValid),
    stderr,
  )
})
