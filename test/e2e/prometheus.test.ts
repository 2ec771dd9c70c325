/**
 * Real Prometheus and vmagent: both send to the program by remote write, which sends on to another Prometheus; and the
 * program scrapes the first
 * one, which scrapes what the program exposes.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { NodeStats } from '#contract/stats.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { freePort } from '#test/support/redis.ts'
import { requireService } from '#test/support/services.ts'

const LOG_CHARACTERS_MAX = 10_000

/** A program of others, which must neither outlive a test nor fail in silence. */
class Foreign implements AsyncDisposable {
  readonly #child: ChildProcess
  log = ''

  constructor(command: string, args: string[], folder: string) {
    this.#child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (chunk) => {
        this.log = (this.log + chunk).slice(-LOG_CHARACTERS_MAX)
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

function prometheus(folder: string, name: string, port: number, config: object, flags: string[] = []): Foreign {
  const file = join(folder, `${name}.yml`)
  writeFileSync(file, JSON.stringify(config))
  const storage = `--storage.tsdb.path=${join(folder, name)}`
  return new Foreign(
    'prometheus',
    [`--config.file=${file}`, storage, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    folder,
  )
}

/** What a server finds for a query: values by their labels. */
async function query(
  port: number,
  expression: string,
): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`)
    const { data } = (await answer.json()) as { data: { result: [] } }
    return data?.result ?? []
  } catch {
    // It does not listen yet.
    return []
  }
}

test('Prometheus and vmagent send, and Prometheus takes and scrapes', { timeout: 60_000 }, async (t) => {
  for (const command of ['prometheus', 'promtool', 'vmagent']) if (!requireService(t, command)) return
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const ports = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()] as const
  const [sender, receiver, agent, intake, exposed] = ports
  const config = {
    version: 2,
    sources: [
      { id: 'written', type: 'prometheus_remote_write', listen: `127.0.0.1:${intake}`, overflow: 'block' },
      {
        id: 'scraped',
        type: 'prometheus_scrape',
        job: 'ours',
        targets: [`127.0.0.1:${sender}`],
        scrape_interval_ms: 500,
        timeout_ms: 500,
      },
    ],
    pipelines: [
      { id: 'on', signal: 'metrics', sources: ['written'], outputs: ['receiver'] },
      { id: 'shown', signal: 'metrics', sources: ['scraped'], outputs: ['exposed'] },
    ],
    outputs: [
      {
        id: 'receiver',
        type: 'prometheus_remote_write',
        url: `http://127.0.0.1:${receiver}/api/v1/write`,
        external_labels: { through: 'streamgate' },
        batch: { max_wait_ms: 100 },
      },
      { id: 'exposed', type: 'prometheus_exposition', listen: `127.0.0.1:${exposed}` },
    ],
  }
  writeFileSync(join(folder, 'node.json'), JSON.stringify(config))
  const target = (port: number) => [{ targets: [`127.0.0.1:${port}`] }]
  const scrape = { scrape_interval: '500ms', scrape_timeout: '500ms' }
  await using taking = prometheus(folder, 'receiver', receiver, { global: {} }, ['--web.enable-remote-write-receiver'])
  await using program = await Program.start('node', { flags: ['--config', join(folder, 'node.json')] })
  await using sending = prometheus(folder, 'sender', sender, {
    global: scrape,
    remote_write: [
      {
        url: `http://127.0.0.1:${intake}/api/v1/write`,
        queue_config: { batch_send_deadline: '200ms' },
        metadata_config: { send_interval: '500ms' },
      },
    ],
    scrape_configs: [
      { job_name: 'self', static_configs: target(sender) },
      { job_name: 'exposed', honor_labels: true, static_configs: target(exposed) },
    ],
  })
  writeFileSync(
    join(folder, 'vm.yml'),
    JSON.stringify({ global: scrape, scrape_configs: [{ job_name: 'vm', static_configs: target(sender) }] }),
  )
  await using other = new Foreign(
    'vmagent',
    [
      `-promscrape.config=${join(folder, 'vm.yml')}`,
      `-httpListenAddr=127.0.0.1:${agent}`,
      `-remoteWrite.url=http://127.0.0.1:${intake}/api/v1/write`,
      `-remoteWrite.tmpDataPath=${join(folder, 'vm')}`,
      '-remoteWrite.flushInterval=200ms',
    ],
    folder,
  )
  const logs = () => [taking, sending, other].map(({ log }) => log.slice(-1500)).join('\n---\n')
  const until = (port: number, expression: string, isGood = (found: string[]) => found.length > 0) =>
    program
      .until(
        async () => isGood((await query(port, expression)).map(({ value }) => value[1])),
        `${expression} at ${port}`,
      )
      .catch((error) => assert.fail(`${error}\n${logs()}`))

  await until(receiver, 'up{job="self",through="streamgate"} == 1')
  await until(receiver, 'up{job="vm"} == 1')
  await until(receiver, 'rate(prometheus_http_requests_total{job="self"}[10s]) >= 0')
  await until(sender, 'up{job="ours"} == 1')
  await until(sender, 'prometheus_build_info{job="ours"}')
  // What Prometheus says of itself, and what came of it, once to us and once to the receiver.
  const [own] = await query(sender, 'prometheus_tsdb_head_chunks_created_total{job="self"}')
  const [theirs] = await query(receiver, 'prometheus_tsdb_head_chunks_created_total{job="self"}')
  assert.deepEqual(theirs?.metric, { ...own?.metric, through: 'streamgate' })

  const text = await (await fetch(`http://127.0.0.1:${exposed}/metrics`)).text()
  assert.match(text, /^# TYPE prometheus_http_request_duration_seconds histogram$/m)
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  // Advice about names is Prometheus' own; what cannot be parsed ends with 1.
  assert.ok(checked.status === 0 || checked.status === 3, checked.stderr)

  const stats = (await (await fetch(program.address('metrics').replace('/metrics', '/stats'))).json()) as NodeStats
  for (const { id, delivered, last_error } of stats.outputs) {
    assert.ok(delivered.records > 0, id)
    assert.equal(last_error, null, id)
  }
})
