/** What documents tell people to type does what they say. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { runDocumented } from '#test/support/documented.ts'
import { freshPostgres } from '#test/support/postgres.ts'
import { temporaryFolder } from '#test/support/program.ts'
import { startRedis } from '#test/support/redis.ts'
import { requireService } from '#test/support/services.ts'

const DOCS = new URL('../../docs/', import.meta.url)
/** So that there is something to look at. */
const TRAFFIC = `
streamgate up
for i in $(seq 200); do echo "DEBUG cache miss for user $i"; done | nc -N localhost 8081
`

/** A pipeline as the built-in one, where something is kept. */
const KEEPING = `
cat > keeping.yaml <<'END'
version: 2
sources: [{ id: tcp, type: tcp, listen: '127.0.0.1:8081' }]
pipelines: [{ id: default_pipeline, sources: [tcp], outputs: [console], keep_dropped: {} }]
outputs: [{ id: console, type: console }]
END
`

test('the examples of the API reference', async (t) => {
  const before = KEEPING + TRAFFIC.replace('streamgate up', 'streamgate up --config keeping.yaml')
  const printed = await runDocumented(t, new URL('reference/api.md', DOCS), { before })
  if (printed !== undefined) assert.match(printed, /"broken_at":null/)
})

test('first login, users, second factor, keys, and the way back for who is locked out', async (t) => {
  const printed = await runDocumented(t, new URL('guides/first-login.md', DOCS), {
    replace: { '29OU3RhCjQeNhZ3twm4ronr3lMrcrR3Tuzy8KCnxQYM': '$(first_login)' },
    after:
      'curl -c cookies -H "content-type: application/json" $api/setup -d "{\\"token\\":\\"$(jq -r .token last)\\",' +
      '\\"email\\":\\"ada@example.com\\",\\"password\\":\\"another horse battery\\"}"',
  })
  if (printed === undefined) return
  assert.match(printed, /"recovery_codes":\["/)
  assert.match(printed, /"totp":false[^{]*\}$/, 'in again, without the second factor')
})

test('a gateway comes in, fails, is tried again, is given something else and taken out; then one with a certificate', async (t) => {
  if (!requireService(t, 'openssl')) return
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const guide = new URL('guides/adding-a-gateway.md', DOCS)
  const [, node] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(guide, 'utf8'))!
  const printed = await runDocumented(t, guide, {
    before: `cat > node.yaml <<'END'\n${node}END\n`,
    replace: { '/etc/streamgate': folder },
  })
  if (printed === undefined) return
  assert.match(printed, /"credential": "credential"/)
  assert.match(printed, /"error": "[^"]*vendor\.key/)
})

/** As the guide to the first login has it. */
const LOG_IN = `
json='content-type: application/json'
csrf=$(curl -c cookies -H "$json" http://127.0.0.1:8000/api/v1/setup \\
  -d "{\\"token\\":\\"$(first_login)\\",\\"email\\":\\"ada@example.com\\",\\"password\\":\\"correct horse battery\\"}" | jq -r .csrf_token)
key=$(curl -b cookies -H "x-csrf-token: $csrf" -H "$json" http://127.0.0.1:8000/api/v1/keys -d '{"name":"a","role":"owner","grants":[]}' | jq -r .key)
auth="authorization: Bearer $key"
`

test('two controllers over PostgreSQL, Redis beside them, backup and restore', async (t) => {
  for (const program of ['openssl', 'sqlite3', 'pg_dump', 'redis-cli']) if (!requireService(t, program)) return
  const database = await freshPostgres(t)
  if (database === undefined) return
  await using redis = await startRedis()
  const second = 'streamgate controller --config controller.yaml --control-port 8001'
  const printed = await runDocumented(t, new URL('guides/running-in-production.md', DOCS), {
    before: `
streamgate controller --data-dir /var/lib/streamgate --control-port 8005 --opamp-port 4325
curl -H 'content-type: application/json' http://127.0.0.1:8005/rules -d '{"id":"in_sqlite","type":"filter","params":{"value":"DEBUG"}}'
`,
    replace: {
      'postgres://streamgate:PASSWORD@db.internal:5432/streamgate': database.reveal(),
      'redis://redis.internal:6379': redis.url,
      [second]: LOG_IN + second,
    },
    after: `
curl -H "$auth" http://127.0.0.1:8001/api/v1/me
curl -H "$auth" http://127.0.0.1:8003/api/v1/me
curl http://127.0.0.1:8004/rules
`,
  })
  if (printed === undefined) return
  assert.match(printed, /"version":"1\.0"/, 'Redis has the manifest')
  assert.equal(
    printed.match(/"name":"key:a"/g)?.length,
    2,
    'the key is good at the second controller, and after the restore',
  )
  assert.match(printed, /in_sqlite[\s\S]*in_sqlite/, 'the backup has the rule')
})

test('a configuration of collectors, and a token that leads there', async (t) => {
  const printed = await runDocumented(t, new URL('guides/collectors.md', DOCS), {
    before: 'streamgate controller',
    after: 'curl $api/configurations/collectors/versions/1',
  })
  if (printed !== undefined) assert.match(printed, /otlphttp\/streamgate/)
})

test('records are watched, rules suggested', async (t) => {
  if (!requireService(t, 'nc')) return
  const guide = new URL('guides/tap-and-suggestions.md', DOCS)
  const [, gateway] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(guide, 'utf8'))!
  const printed = await runDocumented(t, guide, { before: `cat > gateway.yaml <<'END'\n${gateway}END\n` })
  if (printed === undefined) return
  assert.match(printed, /"reason": "case 4711"/)
  assert.match(printed, /"kind":"sensitive".*email/)
})
