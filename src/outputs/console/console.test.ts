import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '#test/support/sinks.ts'

const BATCH_BYTES = 100_000
const BATCHES = 40

/** What the child programs have in common. They speak on stderr; `beat` says that the event loop turns. */
const PREAMBLE = `
  import { consoleOutput } from '${fileURLToPath(new URL('./console.ts', import.meta.url))}'
  const context = { id: 'console', log: {}, clock: {} }
  const say = (text) => process.stderr.write(text + '\\n')
  const never = new AbortController().signal
  const batch = { bytes: Buffer.from(('x'.repeat(99) + '\\n').repeat(1000)), records: 1000 }
  const start = async () => {
    const output = consoleOutput.create(consoleOutput.config.parse({}), context)
    await output.start()
    return output
  }
  setInterval(() => say('beat'), 5)
`

const SEND_ALL = `${PREAMBLE}
  const output = await start()
  for (let i = 0; i < ${BATCHES}; i++) {
    const result = await output.send(batch, never)
    if (!result.ok) say('result ' + result.code)
  }
  await output.stop()
  say('done')
  process.exit(0)
`

/** As at a reload: the old console is stuck in a write when the new one starts, and is then given up. */
const TAKE_OVER = `${PREAMBLE}
  const old = await start()
  const abort = new AbortController()
  const stuck = (async () => {
    for (;;) {
      const result = await old.send(batch, abort.signal)
      if (!result.ok) return result
    }
  })()
  setTimeout(async () => {
    const fresh = await start()
    abort.abort()
    say('old ' + (await stuck).code)
    await old.stop()
    say('taken over')
    const result = await fresh.send({ bytes: Buffer.from('after\\n'), records: 1 }, never)
    say('fresh ' + (result.ok ? 'ok' : result.code))
    await fresh.stop()
    process.exit(0)
  }, 50)
`

interface Run {
  /** What the program says on stderr, and what comes out of its stdout. */
  seen: { errors: string; out: string }
  read(): void
  leave(): void
  ended: Promise<unknown>
}

/** What stdout can be: Node gives its children sockets, a shell gives them pipes. Nobody reads before `read`. */
const kinds: Record<string, (script: string) => Run> = {
  'a socket': (script) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] })
    const seen = { errors: '', out: '' }
    collect(child.stderr, seen, 'errors')
    return {
      seen,
      read: () => collect(child.stdout, seen, 'out'),
      leave: () => child.stdout.destroy(),
      ended: once(child, 'close'),
    }
  },
  'a pipe': (script) => {
    const command =
      'exec 3<&0; "$0" --input-type=module -e "$1" </dev/null | { read word <&3; [ "$word" = read ] && cat; }'
    const child = spawn('sh', ['-c', command, process.execPath, script], { stdio: 'pipe' })
    const seen = { errors: '', out: '' }
    collect(child.stderr, seen, 'errors')
    collect(child.stdout, seen, 'out')
    return {
      seen,
      read: () => child.stdin.end('read\n'),
      leave: () => child.stdin.end('leave\n'),
      ended: once(child, 'close'),
    }
  },
}

function collect<Key extends string>(stream: Readable, seen: Record<Key, string>, key: Key): void {
  stream.on('data', (chunk) => {
    seen[key] += chunk
  })
}

for (const [kind, run] of Object.entries(kinds)) {
  test(`${kind}: a reader that stalls does not stall the thread, and gets everything when it goes on`, async () => {
    const { seen, read, ended } = run(SEND_ALL)
    await until(() => seen.errors.split('beat').length > 30, 'the event loop to turn')
    read()
    await ended
    assert.equal(seen.out.length, BATCHES * BATCH_BYTES)
    assert.match(seen.errors, /done/)
  })

  test(`${kind}: a reader that goes away is a result, not the end of the program`, async () => {
    const { seen, leave, ended } = run(SEND_ALL)
    leave()
    await ended
    assert.match(seen.errors, /result closed/)
    assert.match(seen.errors, /done/)
  })

  test(`${kind}: a console that is stuck is followed by another, and no line is torn`, async () => {
    const { seen, read, ended } = run(TAKE_OVER)
    await until(() => seen.errors.includes('taken over'), 'the new console')
    read()
    await ended
    assert.match(seen.errors, /old aborted/)
    assert.match(seen.errors, /fresh ok/)
    const lines = seen.out.split('\n')
    assert.deepEqual(lines.splice(-2), ['after', ''])
    for (const line of lines) assert.equal(line, 'x'.repeat(99))
  })
}
