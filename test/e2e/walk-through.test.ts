/** The README's walk-through, to the letter, against the program as a user starts it: all in one, and over a real Redis. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { startRedis } from '#test/support/redis.ts'
import { requireService } from '#test/support/services.ts'
import { HttpSink } from '#test/support/sinks.ts'

const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const REDACT_SSN = {
  id: 'redact_ssn',
  type: 'redact',
  params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
}

test('lines come in, a rule is added while they flow, batches go out', async () => {
  await using program = await Program.start('up')
  await walkThrough(program, program)
  assert.equal(await program.stop(), 0)
})

test('the same with controller and node apart, over a real Redis', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const flags = ['--redis-url', redis.url]
  await using controller = await Program.start('controller', { flags })
  await using node = await Program.start('node', { flags })
  await walkThrough(controller, node)
  assert.equal(await node.stop(), 0)
  assert.equal(await controller.stop(), 0)
})

async function walkThrough(controller: Program, node: Program): Promise<void> {
  await using vendor = await HttpSink.start()
  const bodies = () => vendor.requests.map((request) => request.body)
  let applied = 0
  const publish = async () => {
    const before = applied++
    const published = await controller.publish()
    assert.equal(published['status'], 'published')
    await node.until(
      () => node.stderr.split('configuration applied').length === before + 2,
      'the configuration to take effect',
    )
    return published
  }
  const api = controller.address('API')

  const docs = await fetch(`${api}/docs`)
  assert.equal(docs.status, 200)
  assert.match(await docs.text(), /swagger/i)
  assert.equal((await fetch(`${api}/healthz`)).status, 200)
  assert.equal((await fetch(`${api}/readyz`)).status, 200)

  await node.sendTcp('DEBUG: test log\n')
  await node.until(() => node.lines.includes('DEBUG: test log'), 'the line on standard output')

  const added = await controller.api('POST', '/rules', DROP_DEBUG)
  assert.deepEqual(added, { status: 200, body: { status: 'added', rule: DROP_DEBUG } })
  const published = await publish()
  assert.equal(published['subscribers_notified'], 1)
  await node.sendTcp('DEBUG: test log\nINFO: test log\n')
  await node.until(() => node.lines.includes('INFO: test log'), 'the other line')
  assert.equal(node.lines.filter((line) => line.startsWith('DEBUG')).length, 1, 'the line from before the rule')

  await controller.api('POST', '/rules', REDACT_SSN)
  await publish()
  await node.sendTcp('INFO: ssn 123-45-6789\r\n')
  await node.until(() => node.lines.includes('INFO: ssn XXX-XX-XXXX'), 'the redacted line')

  await controller.api('POST', '/outputs', { type: 'http', url: vendor.url })
  const size = await fetch(`${api}/config/batch_size?size=1000`, { method: 'POST' })
  assert.deepEqual(await size.json(), { status: 'updated', batch_size: 1000 })
  await publish()
  const lines = Array.from({ length: 2500 }, (_, i) => `INFO: line ${i}`)
  await node.sendTcp(`${lines.join('\n')}\n`)
  await node.until(() => bodies().join('\n').split('\n').length === 2500, 'all lines at the vendor')
  assert.deepEqual(bodies().join('\n').split('\n'), lines)
  assert.ok(
    bodies().some((body) => body.split('\n').length === 1000) &&
      bodies().every((body) => body.split('\n').length <= 1000),
    'batches as large as was asked, and no larger',
  )
  assert.match(vendor.requests[0]?.headers['content-type'] ?? '', /^text\/plain/)
}

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
