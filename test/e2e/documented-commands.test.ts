/** What documents tell people to type does what they say. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { runDocumented } from '#test/support/documented.ts'
import { temporaryFolder } from '#test/support/program.ts'
import { requireService } from '#test/support/services.ts'

const DOCS = new URL('../../docs/', import.meta.url)
/** So that there is something to look at. */
const TRAFFIC = `
streamgate up
for i in $(seq 200); do echo "DEBUG cache miss for user $i"; done | nc -N localhost 8081
`

test('the examples of the API reference', async (t) => {
  const printed = await runDocumented(t, new URL('reference/api.md', DOCS), { before: TRAFFIC })
  if (printed !== undefined) assert.match(printed, /"broken_at":null/)
})

test('first login, users, second factor, keys, and the way back for who is locked out', async (t) => {
  const printed = await runDocumented(t, new URL('guides/first-login.md', DOCS), {
    replace: { '29OU3RhCjQeNhZ3twm4ronr3lMrcrR3Tuzy8KCnxQYM': '$(first_login)' },
    after: 'curl -c cookies -H "content-type: application/json" $api/setup -d "{\\"token\\":\\"$(jq -r .token last)\\",' +
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
