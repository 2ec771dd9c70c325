import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { commands } from '#cli/commands.ts'
import { ignoredBy, parseDockerfile } from './dockerfile.ts'
import { makeImage } from './image.ts'
import { runIn, tryRole } from './image-run.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const stages = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
const last = stages.at(-1)!

function find(name: string) {
  return last.instructions.filter((instruction) => instruction.name === name)
}

test('a Dockerfile is read: lines that go on, comments in between, flags, JSON and quotes', () => {
  const text =
    'FROM a:1 AS one\nRUN x \\\n# why\n  && y\nFROM b\nCOPY --from=one --chown=u:g /a b/\nENV A=1 \\\n    B="x y"\nCMD ["c", "d"]\n'
  const read = parseDockerfile(text)
  assert.deepEqual(
    read.map(({ name, base }) => [name, base]),
    [
      ['one', 'a:1'],
      ['image', 'b'],
    ],
  )
  assert.equal(read[0]!.instructions[0]!.text.replace(/\s+/g, ' '), 'x && y')
  const [copy, env, command] = read[1]!.instructions
  assert.deepEqual(copy!.flags, { from: 'one', chown: 'u:g' })
  assert.deepEqual(copy!.words, ['/a', 'b/'])
  assert.deepEqual(env!.words, ['A=1', 'B=x y'])
  assert.deepEqual([command!.isJson, command!.words], [true, ['c', 'd']])
  assert.throws(() => parseDockerfile('FROM a\nADD x y\n'), /line 2: ADD is not known here/)
  assert.throws(() => parseDockerfile('RUN x\n'), /line 1: RUN stands before the first FROM/)
})

test('of a .dockerignore the last line that fits counts', () => {
  const isIgnored = ignoredBy('# all\n*\n!src\n!deploy/x.mjs\n**/*.test.ts\n')
  for (const path of ['README.md', 'deploy/y', 'src/a/b.test.ts', '.git/config', 'src/x.test.ts'])
    assert.ok(isIgnored(path), path)
  for (const path of ['src/a/b.ts', 'deploy/x.mjs']) assert.ok(!isIgnored(path), path)
})

test('all stages have one base, without a moving tag', () => {
  assert.equal(new Set(stages.map(({ base }) => base)).size, 1)
  assert.match(last.base, /^node:24-/)
})

test('it runs as nobody special, says what it listens on, and starts in any role', () => {
  assert.equal(find('USER')[0]?.text, 'node')
  assert.deepEqual(find('VOLUME')[0]?.words, ['/data'])
  assert.equal(find('STOPSIGNAL')[0]?.text, 'SIGTERM')
  const [entrypoint, command] = [find('ENTRYPOINT')[0]!, find('CMD')[0]!]
  // In the form of a shell, the shell would get the signals.
  assert.ok(entrypoint.isJson && command.isJson && find('HEALTHCHECK')[0]!.isJson)
  for (const role of [...command.words, 'node', 'controller']) assert.ok(role in commands)
  const ports = find('EXPOSE')[0]!.words
  for (const port of ['8081/tcp', '8082/udp', '8080/tcp', '8083/tcp', '8000/tcp']) assert.ok(ports.includes(port), port)
})

test('the steps lead to something that runs', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-image-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  // Packages as they are here: installing needs a network, and is tried by `node scripts/image.ts`.
  const image = makeImage({ folder, packages: join(root, 'node_modules') })
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const told = await runIn(image, [...image.entrypoint, '--version'])
  assert.deepEqual([told.status, told.stdout], [0, `${version}\n`], told.stderr)
  const byName = await runIn(image, ['streamgate', '--version'])
  assert.deepEqual([byName.status, byName.stdout], [0, `${version}\n`], byName.stderr)
  await tryRole(image, 'up')
  assert.equal(dirname(image.root), folder)
})
