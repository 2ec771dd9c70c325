/** Configurations as files: the commands as a user types them, against the program, and the guide to the letter. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Program, temporaryFolder } from '#test/support/program.ts'

const LAUNCHER = fileURLToPath(new URL('../../streamgate', import.meta.url))
const GUIDE = fileURLToPath(new URL('../../docs/guides/publishing.md', import.meta.url))
const LINES = 'DEBUG: a\nERROR: b\nINFO: ssn 123-45-6789\n'

interface Ran {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs commands in a folder of their own, with this controller. */
class Shell {
  readonly folder: string
  readonly #env: NodeJS.ProcessEnv

  constructor(t: TestContext, program: Program) {
    this.folder = temporaryFolder()
    t.after(() => rmSync(this.folder, { recursive: true, force: true }))
    const bin = join(this.folder, 'bin')
    mkdirSync(bin)
    symlinkSync(LAUNCHER, join(bin, 'streamgate'))
    const { STREAMGATE_API_KEY: _, ...env } = process.env
    this.#env = { ...env, PATH: `${bin}:${env['PATH']}`, STREAMGATE_URL: program.address('API') }
  }

  file(name: string): string {
    return join(this.folder, name)
  }

  async run(script: string, input = ''): Promise<Ran> {
    const child = spawn('sh', ['-ec', script], { cwd: this.folder, env: this.#env })
    const ran: Ran = { status: null, stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => {
      ran.stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      ran.stderr += chunk
    })
    child.stdin.end(input)
    const [status] = await once(child, 'close')
    return { ...ran, status }
  }

  /** Expects success. */
  async ok(script: string, input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(script, input)
    assert.equal(status, 0, `${script}\n${stdout}\n${stderr}`)
    return stdout
  }
}

/** How many configurations the node has put to work. */
function applied(program: Program): number {
  return program.stderr.split('remote configuration applied').length - 1
}

test('export, edit, plan, apply and publish; then the traffic is another, until the rollback', async (t) => {
  await using program = await Program.start('up', { flags: ['--opamp-port', '0'] })
  const shell = new Shell(t, program)
  const send = async (expected: number) => {
    const before = program.lines.length
    await program.sendTcp(LINES)
    await program.until(() => program.lines.length === before + expected, `${expected} lines`)
    return program.lines.slice(before).join('\n')
  }
  assert.equal(await send(3), LINES.trim())
  await shell.ok('streamgate publish -m first')
  await program.until(() => applied(program) === 1, 'version 1')

  await shell.ok('streamgate export -o conf/')
  assert.match(await shell.ok('streamgate plan -f conf --exit-code'), /^Beside live version 1 of default: no changes$/m)
  const pipeline = shell.file('conf/pipelines/default_pipeline.yaml')
  const rules =
    '  - { id: drop, type: filter, params: { value: DEBUG } }\n  - { id: hide, type: redact, params: { builtin: ssn } }\n'
  const text = readFileSync(pipeline, 'utf8')
  writeFileSync(pipeline, text.replace('processors: []\n', `processors:\n${rules}`))

  const planned = await shell.run('streamgate plan -f conf --exit-code')
  assert.equal(planned.status, 2, planned.stderr)
  assert.match(planned.stdout, /^\+ pipelines\/default_pipeline\/processors\/drop \(filter\)/m)
  assert.match(planned.stdout, /^From a sample of 3 of 3 records .*, 1 of 1 gateways/m)
  const json = JSON.parse(await shell.ok('streamgate plan -f conf --json --no-receipt'))
  assert.equal(json.live.length, 2)
  assert.equal(json.receipt, null)

  const published = await shell.ok('streamgate apply -f conf/streamgate.yaml --publish --receipt -m second')
  assert.match(published, /^Draft of default: 2 added$/m)
  assert.match(published, /^Version 2 \([0-9a-f]{12}\) is live: second$/m)
  await program.until(() => applied(program) === 2, 'version 2')
  assert.equal(await send(2), 'ERROR: b\nINFO: ssn XXX-XX-XXXX'.replace('XXX-XX-XXXX', '[ssn]'))
  const again = await shell.ok('streamgate apply -f conf --publish -m third')
  assert.equal(again, 'Draft of default: no changes\nno changes: version 2 is live already\n')

  assert.match(await shell.ok('streamgate rollback 1'), /^Version 3 .* is live, with the content of version 1: Back to/)
  await program.until(() => applied(program) === 3, 'version 3')
  assert.equal(await send(3), LINES.trim())
  const versions = JSON.parse(await shell.ok('streamgate versions --json'))
  assert.deepEqual(
    versions.map((version: Record<string, unknown>) => [
      version['number'],
      version['restored_from'],
      version['has_receipt'],
    ]),
    [
      [3, 1, false],
      [2, null, true],
      [1, null, false],
    ],
  )
  assert.equal(await program.stop(), 0)
})

test('what is wrong is told with its place and a way on', async (t) => {
  await using program = await Program.start('up', { flags: ['--opamp-port', '0'] })
  const shell = new Shell(t, program)
  const refused = async (script: string, status: number, message: RegExp, input?: string) => {
    const ran = await shell.run(script, input)
    assert.equal(ran.status, status, `${script}\n${ran.stdout}\n${ran.stderr}`)
    assert.match(ran.stderr, message)
  }
  writeFileSync(shell.file('bad.yaml'), 'pipelines:\n  - { id: p, processors: [{ id: r, type: fliter }] }\n')
  await refused('streamgate apply -f bad.yaml', 78, /bad\.yaml:2:36: pipelines\/0\/processors\/0\/type: .*"filter"/)
  await refused('streamgate plan -f bad.yaml', 78, /bad\.yaml:2:36/)
  await refused('streamgate plan', 1, /name the file or folder with -f/)
  await refused('streamgate diff 0', 1, /"draft", "live" or the number of a version, not "0"/)
  await refused('streamgate rollback 9', 1, /"default" has no version 9 \(404\)/)
  await refused('streamgate export --configuration none', 1, /there is no configuration "none" \(404\)/)
  await refused('streamgate apply -f bad.yaml -m x', 1, /--message and --receipt go with --publish/)
  await refused('streamgate policy require_recipe=true', 1, /known: .*require_receipt=/)
  await refused('streamgate policy max_age_minutes=0', 1, /max_age_minutes: /)
  await shell.ok('streamgate policy require_message=true require_receipt=true')
  await refused('streamgate publish', 1, /this configuration asks for a message/)
  await refused('streamgate publish -m x', 1, /the policy of this configuration refuses it/)
  await refused('streamgate secret set k', 1, /there is no value on standard input/)
  await refused('streamgate secret set k', 1, /longer than 16384 characters/, 'x'.repeat(20_000))
  await refused('streamgate secret set ../k', 1, /the name of a secret has/, 'x')
  await refused('streamgate secret show k', 1, /secret takes "set NAME", "list" or "delete NAME"/)
  await refused('streamgate secret delete k', 1, /there is no secret "k" \(404\)/)
})

test('secrets are set from standard input, listed with their users, and deleted', async (t) => {
  await using program = await Program.start('up', { flags: ['--opamp-port', '0'] })
  const shell = new Shell(t, program)
  const value = 'never-to-be-seen'
  const said = [
    await shell.ok('streamgate secret set vendor_key', `${value}\n`),
    await shell.ok('streamgate secret set other --json', value),
    await shell.ok('streamgate secret list'),
  ]
  assert.equal(said[0], 'vendor_key is set\n')
  assert.match(said[2]!, /^NAME +SET \(UTC\) +BY +USED BY\nother .*\nvendor_key .*\n$/)
  writeFileSync(
    shell.file('c.yaml'),
    "outputs: [{ id: o, type: http, url: 'http://127.0.0.1:1/', headers: { key: '${secret:vendor_key}' } }]\n",
  )
  await shell.ok('streamgate apply -f c.yaml')
  said.push(await shell.ok('streamgate secret list'), await shell.ok('streamgate export'))
  assert.match(said[3]!, /vendor_key .* configuration default$/m)
  assert.match(said[4]!, /\$\{secret:vendor_key\}/)
  assert.match((await shell.run('streamgate secret delete vendor_key')).stderr, /in use by configuration default/)
  assert.equal(await shell.ok('streamgate secret delete other'), 'other is deleted\n')
  assert.ok(!said.join('').includes(value) && !program.stderr.includes(value))
})

test('tap shows what rules do to records while they flow', async (t) => {
  await using program = await Program.start('up', { flags: ['--opamp-port', '0'] })
  const shell = new Shell(t, program)
  const rules =
    '[{ id: drop, type: filter, params: { value: DEBUG } }, { id: hide, type: redact, params: { builtin: ssn } }]'
  await shell.ok('streamgate apply -f - --publish', `pipelines: [{ id: default_pipeline, processors: ${rules} }]`)
  await program.until(() => applied(program) === 1, 'the rules')
  // A tap is there when it shows something: until then lines keep coming.
  const flow = async (tapped: Promise<string>) => {
    let isOver = false
    void tapped.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    while (!isOver) {
      await program.sendTcp(LINES)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return await tapped
  }
  const shown = await flow(shell.ok('streamgate tap --limit 3 --rate 1000 --pipeline default_pipeline'))
  const texts = shown
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\S+ \S+ /, ''))
  const expected = ['− DEBUG: a  [dropped by drop]', '  ERROR: b', '  INFO: ssn [ssn]  [edited by hide]']
  assert.deepEqual(texts.toSorted(), expected.toSorted())
  const dropped = JSON.parse(await flow(shell.ok('streamgate tap --limit 1 --fate dropped --json')))
  assert.deepEqual([dropped.rule, dropped.before.text, dropped.after], ['drop', 'DEBUG: a', null])
  const raw = await flow(shell.ok('streamgate tap --limit 1 --rule hide --raw --reason "an outage"'))
  assert.match(raw, / − INFO: ssn 123-45-6789 → \+ INFO: ssn \[ssn\] {2}\[edited by hide\]\n$/)
})

test('docs/guides/publishing.md: its commands work in their order, and answer what it says', async (t) => {
  const blocks = [...readFileSync(GUIDE, 'utf8').matchAll(/^```(yaml|sh|text)\n([\s\S]*?)^```/gm)]
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const gateway = join(folder, 'gateway.yaml')
  writeFileSync(gateway, blocks.find(([, kind]) => kind === 'yaml')![2]!)
  await using program = await Program.start('up', { flags: ['--opamp-port', '0', '--config', gateway] })
  await program.sendTcp(LINES)
  await program.until(() => program.lines.length === 3, 'the lines')
  const shell = new Shell(t, program)
  writeFileSync(shell.file('vendor_key.txt'), 'value-of-the-secret\n')
  let commands = 0
  let said = ''
  for (const [, kind, text] of blocks.slice(1)) {
    if (kind === 'yaml') writeFileSync(shell.file('streamgate.yaml'), text!)
    else if (kind === 'text') assert.ok(said.includes(text!), `the guide says\n${text}\nand the program\n${said}`)
    else {
      said = await shell.ok(text!)
      commands += text!.trim().split('\n').length
    }
  }
  assert.ok(commands >= 20, `${commands} commands`)
})
