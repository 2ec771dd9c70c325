/** What was refused and what was dropped, over the command line of a running node; and secrets, which show nowhere at all. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { until } from '#test/support/sinks.ts'
import { DatadogFake } from '#test/support/vendors/datadog.ts'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** Runs a command against the node. */
function cli(program: Program, ...args: string[]): Promise<{ code: number; out: string }> {
  const admin = new URL(program.address('metrics')).origin
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args, '--admin', admin], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout + stderr }),
    )
  })
}

async function withNode(use: (program: Program, fake: DatadogFake, folder: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'secrets'))
  await using fake = await new DatadogFake().listen()
  writeFileSync(join(folder, 'secrets', 'datadog'), 'dd-test-key\n')
  writeFileSync(
    join(folder, 'node.yaml'),
    `
version: 2
secrets_dir: ${join(folder, 'secrets')}
sources: [{ id: http, type: http, listen: 127.0.0.1:0, durable: true }]
pipelines:
  - id: main
    sources: [http]
    keep_dropped: {}
    processors:
      - { id: no_debug, type: filter, params: { value: DEBUG } }
      - { id: ssn, type: redact, params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: XXX } }
    outputs: [dd]
outputs:
  - { id: dd, type: datadog, url: ${fake.url}, api_key: '\${secret:datadog}', batch: { max_wait_ms: 5 }, retry: { base_ms: 5, cap_ms: 20 } }
`,
  )
  const options = { flags: ['--config', join(folder, 'node.yaml')], dataDir: join(folder, 'data') }
  await using program = await Program.start('node', options)
  try {
    await use(program, fake, folder)
  } finally {
    await program.stop()
    rmSync(folder, { recursive: true })
  }
}

async function post(program: Program, body: string): Promise<number> {
  return (await fetch(program.address('http'), { method: 'POST', body })).status
}

test('dlq lists, shows, sends again and drops what was refused', async () => {
  await withNode(async (program, fake) => {
    fake.faults.push({ status: 404, body: 'not here' }, { status: 404, body: 'not here' })
    assert.equal(await post(program, 'first'), 202)
    await program.until(() => fake.requests.length === 1, 'the first refusal')
    assert.equal(await post(program, 'second'), 202)
    await program.until(async () => /dd +http_404 +2 /.test((await cli(program, 'dlq', 'list')).out), 'both to be kept')
    const listed = await cli(program, 'dlq', 'list', '--output', 'dd', '--json')
    const letters = JSON.parse(listed.out) as { id: number; code: string; message: string }[]
    assert.deepEqual(
      letters.map(({ code, message }) => [code, message]),
      [404, 404].map(() => ['http_404', 'the server answered 404: not here']),
    )
    const shown = await cli(program, 'dlq', 'show', String(letters[0]!.id))
    assert.match(shown.out, /dd \(datadog\.event_json\) refused it[\s\S]*http_404[\s\S]*"message":"first"/)
    assert.equal((await cli(program, 'dlq', 'replay', String(letters[0]!.id))).out, '1 sent again\n')
    await program.until(() => fake.stored.includes('first'), 'the first to arrive')
    assert.equal((await cli(program, 'dlq', 'drop', '--output', 'dd')).out, '1 dropped\n')
    assert.equal((await cli(program, 'dlq', 'list')).out, 'There are no dead letters.\n')
    assert.deepEqual(fake.stored, ['first'])
    const { outputs } = (await (await fetch(program.address('metrics').replace('/metrics', '/stats'))).json()) as {
      outputs: Record<string, { records: number }>[]
    }
    assert.partialDeepStrictEqual(outputs[0], {
      forwarded: { records: 2 },
      replayed: { records: 1 },
      delivered: { records: 1 },
      rejected: { records: 2 },
      dead_letters: { records: 0 },
    })
    assert.equal((await cli(program, 'dlq', 'replay')).code, 1, 'it must be said which')
    assert.match((await cli(program, 'dlq', 'show', '999')).out, /there is no dead letter 999/)
  })
})

test('dropped lists what rules dropped, redacted, and sends it after all', async () => {
  await withNode(async (program, fake) => {
    assert.equal(await post(program, 'DEBUG ssn 123-45-6789\nkept\nDEBUG again\n'), 202)
    await program.until(async () => /main +no_debug +2 /.test((await cli(program, 'dropped', 'list')).out), 'both')
    const { out } = await cli(program, 'dropped', 'list', '--rule', 'no_debug')
    assert.match(out, /DEBUG again\n.*DEBUG ssn XXX\n/)
    assert.equal(
      (await cli(program, 'dropped', 'replay', '--rule', 'no_debug', '--since', '1h')).out,
      '2 sent after all\n',
    )
    await program.until(() => fake.stored.length === 3, 'all three')
    assert.deepEqual([...fake.stored].sort(), ['DEBUG again', 'DEBUG ssn XXX', 'kept'])
    assert.match((await cli(program, 'dropped', 'list')).out, /^Nothing is kept/)
  })
})

test('records are shown to this machine alone, and never to a page in a browser', async () => {
  await withNode(async (program) => {
    const { hostname, port } = new URL(program.address('metrics'))
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        request({ hostname, port, path: '/dead-letters', headers }, (response) => {
          response.resume()
          resolve(response.statusCode!)
        }).end()
      })
    assert.equal(await ask({}), 200)
    assert.equal(await ask({ host: 'attacker.example' }), 403)
    assert.equal(await ask({ origin: 'http://attacker.example' }), 403)
  })
})

test('a secret is in no output, metric, statistic or file, even when the vendor refuses it', async () => {
  await withNode(async (program, fake, folder) => {
    fake.apiKey = 'another'
    assert.equal(await post(program, 'x'), 202)
    await program.until(() => fake.requests.length > 2, 'some refusals')
    const admin = new URL(program.address('metrics')).origin
    const said = [program.stdout, program.stderr]
    for (const path of ['/metrics', '/stats', '/readyz', '/dead-letters', '/dropped'])
      said.push(await (await fetch(admin + path)).text())
    said.push((await cli(program, 'dlq', 'list')).out)
    assert.match(said.join('\n'), /http_403/)
    await program.stop()
    said.push(program.stderr)
    for (const text of said) assert.ok(!text.includes('dd-test-key'), text)
    const files = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' })
    assert.ok(
      files.some((file) => file.endsWith('.seg')),
      'what was not sent is on disk',
    )
    for (const file of files) {
      const path = join(folder, 'data', file)
      const stat = statSync(path)
      assert.equal(stat.mode & 0o077, 0, `${file} is for us alone`)
      if (stat.isFile()) assert.ok(!readFileSync(path).includes('dd-test-key'), file)
    }
  })
})

test('what was answered with 202 before a kill is sent after the next start', async () => {
  const folder = temporaryFolder()
  await using fake = await new DatadogFake().listen()
  const config = join(folder, 'node.yaml')
  const write = (url: string) =>
    writeFileSync(
      config,
      `
version: 2
sources: [{ id: http, type: http, listen: 127.0.0.1:0, durable: true }]
pipelines: [{ id: main, sources: [http], outputs: [dd] }]
outputs: [{ id: dd, type: datadog, url: ${url}, api_key: dd-test-key, batch: { max_wait_ms: 5 }, retry: { base_ms: 5, cap_ms: 20 } }]
shutdown_timeout_ms: 100
`,
    )
  const options = { flags: ['--config', config], dataDir: join(folder, 'data') }
  write('http://127.0.0.1:1')
  const first = await Program.start('node', options)
  for (let i = 0; i < 20; i++) assert.equal(await post(first, `line ${i}`), 202)
  await first.stop('SIGKILL')
  write(fake.url)
  const second = await Program.start('node', options)
  await until(() => fake.stored.length >= 20, 'all lines')
  assert.deepEqual(
    fake.stored,
    Array.from({ length: 20 }, (_, i) => `line ${i}`),
  )
  assert.equal(await second.stop(), 0)
  assert.deepEqual(
    readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.seg')),
    [],
  )
  rmSync(folder, { recursive: true })
})
