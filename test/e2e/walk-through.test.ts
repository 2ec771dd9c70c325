/** The README's walk-through, to the letter, against the program as a user starts it. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Program, temporaryFolder } from '#test/support/program.ts'

const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const REDACT_SSN = {
  id: 'redact_ssn',
  type: 'redact',
  params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
}

/** Collects the bodies that are posted to it. */
async function receiver() {
  const bodies: string[] = []
  const types: (string | undefined)[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      types.push(request.headers['content-type'])
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { bodies, types, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void server.close() }
}

test('lines come in, a rule is added while they flow, batches go out', async () => {
  await using vendor = await receiver()
  await using program = await Program.start('up')
  const api = program.address('API')

  const docs = await fetch(`${api}/docs`)
  assert.equal(docs.status, 200)
  assert.match(await docs.text(), /swagger/i)
  assert.equal((await fetch(`${api}/healthz`)).status, 200)
  assert.equal((await fetch(`${api}/readyz`)).status, 200)

  await program.sendTcp('DEBUG: test log\n')
  await program.until(() => program.lines.includes('DEBUG: test log'), 'the line on standard output')

  const added = await program.api('POST', '/rules', DROP_DEBUG)
  assert.deepEqual(added, { status: 200, body: { status: 'added', rule: DROP_DEBUG } })
  const published = await program.publish()
  assert.equal(published['status'], 'published')
  assert.equal(published['subscribers_notified'], 1)
  await program.until(() => program.stderr.includes('configuration applied'), 'the rule to take effect')
  await program.sendTcp('DEBUG: test log\nINFO: test log\n')
  await program.until(() => program.lines.includes('INFO: test log'), 'the other line')
  assert.equal(program.lines.filter((line) => line.startsWith('DEBUG')).length, 1, 'the line from before the rule')

  await program.api('POST', '/rules', REDACT_SSN)
  await program.publish()
  await program.until(() => program.stderr.split('configuration applied').length === 3, 'the second rule')
  await program.sendTcp('INFO: ssn 123-45-6789\r\n')
  await program.until(() => program.lines.includes('INFO: ssn XXX-XX-XXXX'), 'the redacted line')

  await program.api('POST', '/outputs', { type: 'http', url: vendor.url })
  const size = await fetch(`${api}/config/batch_size?size=1000`, { method: 'POST' })
  assert.deepEqual(await size.json(), { status: 'updated', batch_size: 1000 })
  await program.publish()
  await program.until(() => program.stderr.split('configuration applied').length === 4, 'the output')
  const lines = Array.from({ length: 2500 }, (_, i) => `INFO: line ${i}`)
  await program.sendTcp(`${lines.join('\n')}\n`)
  await program.until(() => vendor.bodies.join('\n').split('\n').length === 2500, 'all lines at the vendor')
  assert.deepEqual(vendor.bodies.join('\n').split('\n'), lines)
  assert.deepEqual(
    vendor.bodies.map((body) => body.split('\n').length),
    [1000, 1000, 500],
    'batches as large as was asked',
  )
  assert.match(vendor.types[0] ?? '', /^text\/plain/)
  assert.equal(await program.stop(), 0)
})

test('all three doors lead to the same rules, and the books say so', async () => {
  await using program = await Program.start('up')
  await program.api('POST', '/rules', DROP_DEBUG)
  await program.publish()
  await program.until(() => program.stderr.includes('configuration applied'), 'the rule')
  await program.sendTcp('INFO tcp\nDEBUG tcp\n')
  const udp = createSocket('udp4')
  const port = Number(new URL(program.address('udp')).port)
  for (const text of ['INFO udp\n', 'DEBUG udp\n'])
    await new Promise((resolve) => udp.send(text, port, '127.0.0.1', resolve))
  udp.close()
  const json = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '[{"level":"INFO"}, {"level":"DEBUG"}]',
  }
  assert.equal((await fetch(program.address('http'), json)).status, 202)
  await program.until(() => program.lines.length === 3, 'three lines')
  assert.deepEqual([...program.lines].sort(), ['INFO tcp', 'INFO udp', '{"level":"INFO"}'].sort())
  const stats = await fetch(`${program.address('API')}/api/v1/stats`)
  const { pipelines } = (await stats.json()) as { pipelines: { in: object; dropped: object; forwarded: object }[] }
  assert.partialDeepStrictEqual(pipelines[0], {
    in: { records: 6 },
    dropped: { records: 3 },
    forwarded: { records: 3 },
  })
  const metrics = await (await fetch(`${new URL(program.address('metrics')).origin}/metrics`)).text()
  assert.match(
    metrics,
    /streamgate_rule_ended_records_total\{pipeline="default_pipeline",rule="drop_debug",type="filter"\} 3/,
  )
})

test('rules, outputs and batch size survive a restart, and so does what was published', async () => {
  const dataDir = temporaryFolder()
  try {
    {
      await using program = await Program.start('up', { dataDir })
      await program.api('POST', '/rules', DROP_DEBUG)
      await program.publish()
      await program.until(() => program.stderr.includes('configuration applied'), 'the rule')
      await program.api('POST', '/rules', REDACT_SSN)
      assert.equal(await program.stop(), 0)
    }
    await using program = await Program.start('up', { dataDir })
    const rules = await fetch(`${program.address('API')}/rules`)
    assert.deepEqual(await rules.json(), [DROP_DEBUG, REDACT_SSN])
    await program.sendTcp('DEBUG dropped\nINFO 123-45-6789\n')
    await program.until(() => program.lines.length > 0, 'a line')
    assert.deepEqual(program.lines, ['INFO 123-45-6789'], 'what was not published does not run')
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('SIGTERM hands on everything that was taken in', async () => {
  await using program = await Program.start('up')
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`)
  await program.sendTcp(`${lines.join('\n')}\nunterminated`)
  assert.equal(await program.stop(), 0)
  assert.deepEqual(program.lines, [...lines, 'unterminated'])
})
