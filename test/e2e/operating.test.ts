/** What an operator types, against a controller that speaks TLS: gateways, tokens, suggestions with a receipt, raw records. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { Certificate } from '#test/support/certificate.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { requireService } from '#test/support/services.ts'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))
const RECORDS = 200
const SSN = '123-45-6789'
const RULE = { id: 'redact_ssn', type: 'redact', params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX' } }

test('gateways, tokens, suggestions, receipts of suggested rules and raw taps over TLS', async (t) => {
  if (!requireService(t, 'openssl')) return
  using certificate = new Certificate()
  const { certFile: authority, keyFile } = certificate
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'streamgate.yaml')
  writeFileSync(config, `version: 2\ncontrol: { tls: { cert_file: ${authority}, key_file: ${keyFile} } }\n`)
  await using program = await Program.start('up', { flags: ['--config', config] })
  const url = program.address('API').replace('127.0.0.1', 'localhost')
  assert.match(url, /^https:/)
  const dispatcher = new Agent({ connect: { ca: readFileSync(authority) } })
  t.after(() => dispatcher.destroy())
  const ask = async <Body>(method: 'GET' | 'POST', path: string, body?: object): Promise<Body> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await request(`${url}/api/v1${path}`, { method, headers, ...sent, dispatcher })
    const answered = (await answer.body.json()) as Body
    assert.ok(answer.statusCode < 300, `${method} ${path}: ${JSON.stringify(answered)}`)
    return answered
  }
  const type = async (...args: string[]) => {
    const env = { ...process.env, STREAMGATE_URL: url, NODE_EXTRA_CA_CERTS: authority }
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const [status] = (await once(child, 'close')) as [number]
    return { status, stdout, stderr }
  }
  const send = async () => {
    const socket = connect(Number(new URL(program.address('tcp')).port), '127.0.0.1')
    const lines = Array.from({ length: RECORDS }, (_, i) =>
      JSON.stringify({ service: 'shop', level: 'info', message: `order ${i} of ${SSN} was paid` }),
    )
    socket.end(`${lines.join('\n')}\n`)
    await once(socket, 'close')
  }

  await ask('POST', '/rules', RULE)
  await ask('POST', '/publish')
  interface Listed {
    id: string
    states: { reported: { status: string } | null }
  }
  const listed = async () => JSON.parse((await type('gateways', '--json')).stdout) as Listed[]
  await program.until(async () => (await listed())[0]?.states.reported?.status === 'applied', 'the rules to be applied')
  const [gateway] = await listed()
  assert.match((await type('gateways')).stdout, new RegExp(`^ID .*\n${gateway!.id} .* default `))
  const token = await type('gateway', 'token', 'edge', '--uses', '3')
  assert.match(token.stdout, /^sgr_\S+\n$/)
  const retried = await type('gateway', 'retry', gateway!.id)
  assert.equal(retried.status, 1)
  assert.match(retried.stderr, /there is nothing to try again/)
  const wrong = await type('gateway', 'explode', gateway!.id)
  assert.deepEqual([wrong.status, /gateway takes "token NAME"/.test(wrong.stderr)], [1, true])

  await send()
  await program.until(() => program.lines.length === RECORDS, 'all records')
  assert.ok(program.lines.every((line) => !line.includes(SSN)))
  interface Suggested {
    suggestions: { kind: string; pipeline: string; rule: { id: string }; savings: { share: number } }[]
  }
  let suggested: Suggested | undefined
  await program.until(async () => {
    suggested = JSON.parse((await type('suggest', '--json')).stdout)
    return (suggested?.suggestions.length ?? 0) > 0
  }, 'suggestions')
  const { pipeline, rule } = suggested!.suggestions.find(({ kind }) => kind === 'pattern')!
  assert.match((await type('suggest')).stdout, /From \d+ sampled of about \d+ records[\s\S]*"id":"/)
  interface Made {
    receipt: { out: { live: { records: { value: number } }; candidate: { records: { value: number } } } }
  }
  const { receipt } = await ask<Made>('POST', '/configurations/default/receipts', {
    rule: { pipeline, processor: rule },
  })
  assert.deepEqual([receipt.out.live.records.value, receipt.out.candidate.records.value], [RECORDS, 0])

  const refused = await type('tap', '--raw', '--limit', '1')
  assert.notEqual(refused.status, 0, 'raw records need a reason')
  const watching = type('tap', '--raw', '--reason', 'a card number is missing', '--limit', '1', '--json')
  let isOver = false
  void watching.then(() => {
    isOver = true
  })
  await program.until(async () => {
    if (!isOver) await send()
    return isOver
  }, 'the tap to show a record')
  assert.match((await watching).stdout, new RegExp(SSN))
  interface Audit {
    items: { action: string; reason: string | null }[]
  }
  const { items } = await ask<Audit>('GET', '/audit?action=tap.raw')
  assert.deepEqual(
    items.map(({ action, reason }) => [action, reason]),
    [['tap.raw', 'a card number is missing']],
  )
})
