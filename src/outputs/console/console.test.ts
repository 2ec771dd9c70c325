import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Sends batches to the console and beats on stderr meanwhile, as long as its event loop turns. */
const SCRIPT = `
  import { consoleOutput } from '${fileURLToPath(new URL('./console.ts', import.meta.url))}'
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const output = consoleOutput.create(consoleOutput.config.parse({}), { id: 'console', log, clock: { now: () => 0, wall: () => 0 } })
  await output.start()
  setInterval(() => process.stderr.write('beat\\n'), 5)
  const line = Buffer.from('x'.repeat(99) + '\\n')
  const batch = { bytes: Buffer.concat(Array.from({ length: 1000 }, () => line)), records: 1000 }
  for (let i = 0; i < 40; i++) {
    const result = await output.send(batch, new AbortController().signal)
    if (!result.ok) process.stderr.write('result ' + result.code + '\\n')
  }
  await output.stop()
  process.exit(0)
`

function start() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], { stdio: ['ignore', 'pipe', 'pipe'] })
  const seen = { errors: '' }
  child.stderr.on('data', (chunk) => {
    seen.errors += chunk
  })
  return { child, seen }
}

test('a reader that stalls does not stall the thread, and gets everything when it goes on', async () => {
  const { child, seen } = start()
  while (seen.errors.split('beat').length < 30) await once(child.stderr, 'data')
  let bytes = 0
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  assert.equal(bytes, 40 * 100_000)
})

test('a reader that goes away is a result, not the end of the program', async () => {
  const { child, seen } = start()
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  assert.match(seen.errors, /result closed/)
})
