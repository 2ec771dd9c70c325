/** The commands, as a user types them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Program, temporaryFolder } from '#test/support/program.ts'

const LAUNCHER = fileURLToPath(new URL('../../streamgate', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../examples/drop-and-redact.yaml', import.meta.url))

let folder = ''
before(() => {
  folder = temporaryFolder()
})
after(() => rmSync(folder, { recursive: true, force: true }))

function streamgate(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, args, {
    input,
    encoding: 'utf8',
    cwd: folder,
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

test('help and version', () => {
  const help = streamgate(['--help'])
  assert.equal(help.status, 0)
  for (const command of ['up', 'node', 'controller', 'validate', 'explain'])
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'))
  assert.match(streamgate(['up', '--help']).stdout, /--data-dir DIR/)
  assert.match(streamgate(['--version']).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('what is not understood is exit code 2 with a way on', () => {
  for (const args of [[], ['nonsense'], ['up', '--nonsense'], ['up', 'extra'], ['validate', 'a', 'b']]) {
    const { status, stdout, stderr } = streamgate(args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stdout + stderr, /--help/)
  }
})

test('validate says yes, or everything that is wrong', () => {
  const good = streamgate(['validate', EXAMPLE])
  assert.equal(good.status, 0)
  assert.match(good.stdout, /is valid: 1 source, 1 pipeline, 3 processors, 1 output/)
  const bad = join(folder, 'bad.yaml')
  writeFileSync(bad, 'version: 2\nsources: []\npipelines: []\noutputs: []\nenginse: 2\n')
  const { status, stderr } = streamgate(['validate', bad])
  assert.equal(status, 78)
  assert.match(stderr, /bad\.yaml:5:1: enginse: there is no key "enginse"; did you mean "engines"\?/)
  assert.ok(!stderr.includes('\u001b['), 'no colour where nobody looks')
})

test('explain says which rule did what', () => {
  const { status, stdout } = streamgate(['explain', EXAMPLE], 'INFO ssn 123-45-6789\n')
  assert.equal(status, 0)
  assert.match(stdout, /1 {2}drop_debug \(filter\): kept/)
  assert.match(stdout, /2 {2}hide_ssn \(redact\): edited/)
  assert.match(stdout, /Sent: INFO ssn XXX-XX-XXXX\n$/)
  const json = JSON.parse(streamgate(['explain', EXAMPLE, '--json'], 'DEBUG x\n').stdout)
  assert.equal(json.result, null)
  assert.deepEqual(json.steps, [
    { id: 'drop_debug', type: 'filter', result: 'dropped', before: 'DEBUG x', after: null },
  ])
})

test('a bad file stops the start with exit code 78, a port in use with 1 and a remedy', async () => {
  const bad = join(folder, 'bad-start.yaml')
  writeFileSync(bad, 'version: 3\n')
  assert.equal(streamgate(['up', '--config', bad]).status, 78)
  const server = createServer().listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const ports = ['--udp-port', '0', '--http-port', '0', '--admin-port', '0', '--control-port', '0']
  const { status, stderr } = streamgate([
    'up',
    '--tcp-port',
    String(port),
    ...ports,
    '--data-dir',
    join(folder, 'data'),
  ])
  server.close()
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`cannot listen on .*${port} \\(EADDRINUSE\\): another program listens there`))
})

test('a data directory that cannot be used stops the start with a remedy', () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { status, stderr } = streamgate(['up', '--data-dir', join(file, 'below')])
  assert.equal(status, 1)
  assert.match(stderr, /make the data directory writable, or name another with --data-dir/)
})

test('SIGHUP reads the file again; a bad one changes nothing', async () => {
  const config = join(folder, 'reread.yaml')
  const rules = (value: string) => `version: 2
sources: [{ id: tcp, type: tcp, listen: '127.0.0.1:0' }]
pipelines:
  - { id: p, sources: [tcp], outputs: [console], processors: [{ id: drop, type: filter, params: { value: '${value}' } }] }
outputs: [{ id: console, type: console }]
`
  writeFileSync(config, rules('ONE'))
  mkdirSync(join(folder, 'd'), { recursive: true })
  await using program = await Program.start('node', { flags: ['--config', config] })
  await program.sendTcp('ONE\nTWO\n')
  await program.until(() => program.lines.length === 1, 'the line that passes')
  writeFileSync(config, rules('TWO'))
  program.signal('SIGHUP')
  await program.until(() => program.stderr.includes('configuration file read again'), 'the new rules')
  await program.sendTcp('ONE\nTWO\n')
  await program.until(() => program.lines.length === 2, 'the other line')
  writeFileSync(config, 'nonsense')
  program.signal('SIGHUP')
  await program.until(() => program.stderr.includes('the old configuration keeps running'), 'the refusal')
  await program.sendTcp('ONE\nTWO\n')
  await program.until(() => program.lines.length === 3, 'the old rules')
  assert.deepEqual(program.lines, ['TWO', 'ONE', 'ONE'])
  assert.equal(await program.stop(), 0)
})
