/** One node, every vendor at once: lines of all kinds come in over TCP, and each vendor gets all of them in its own shape. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { NodeStats } from '#contract/stats.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import type { VendorFake } from '#test/support/vendors/vendor-fake.ts'
import { logVendors } from '#test/support/vendors/vendors.ts'

const LINES = 2_000
/** Some vendors take nothing that is old. */
const NOW = Date.now()

/** Text, JSON of several loggers, what is almost JSON, quotes and backslashes, and characters beyond ASCII. */
function line(i: number): string {
  const kinds = [
    `Jan  2 03:04:05 web-1 sshd[${i}]: Failed password for "root" from 10.0.0.${i % 256}`,
    JSON.stringify({
      ts: (NOW + i) / 1000,
      level: 'info',
      service: 'checkout',
      msg: `order ${i}`,
      nested: { a: [1, i] },
    }),
    JSON.stringify({
      '@timestamp': new Date(NOW + i).toISOString(),
      message: `naïve ☃ ${i}`,
      host: { name: 'web-2' },
    }),
    `{"broken": ${i}`,
    `C:\\path\\${i}\t"quoted" {curly}`,
  ]
  return kinds[i % kinds.length]!
}

test('every vendor gets every line, within its limits, and the books say so', async () => {
  const folder = temporaryFolder()
  const fakes = await Promise.all(logVendors.map(async (vendor) => ({ vendor, fake: await vendor.start() })))
  try {
    const outputs = fakes.map(({ vendor, fake }) => ({
      ...{ id: vendor.definition.name, type: vendor.definition.name, batch: { max_wait_ms: 50 } },
      ...vendor.options(fake),
    }))
    const config = {
      version: 2,
      sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0', overflow: 'block' }],
      pipelines: [{ id: 'all', sources: ['tcp'], outputs: outputs.map(({ id }) => id) }],
      outputs,
    }
    writeFileSync(join(folder, 'node.json'), JSON.stringify(config))
    await using program = await Program.start('node', { flags: ['--config', join(folder, 'node.json')] })
    await program.sendTcp(Array.from({ length: LINES }, (_, i) => `${line(i)}\n`).join(''))
    const stats = async () =>
      (await (await fetch(program.address('metrics').replace('/metrics', '/stats'))).json()) as NodeStats
    const isThrough = ({ outputs }: NodeStats) =>
      outputs.every(({ forwarded, in_flight }) => forwarded.records === LINES && in_flight.records === 0)
    await program.until(async () => isThrough(await stats()), 'all to be delivered')
    for (const { id, delivered, last_error } of (await stats()).outputs)
      assert.deepEqual([id, delivered.records, last_error], [id, LINES, null])
    for (const { vendor, fake } of fakes as { vendor: (typeof logVendors)[number]; fake: VendorFake }[]) {
      assert.deepEqual(fake.violations, [], vendor.definition.name)
      assert.equal(fake.stored.length, LINES, vendor.definition.name)
    }
  } finally {
    await Promise.all(fakes.map(({ fake }) => fake[Symbol.asyncDispose]()))
    rmSync(folder, { recursive: true })
  }
})
