import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeAudit } from '#control/access/audit.ts'
import { systemPrincipal } from '#control/access/principal.ts'
import { AccessApi } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'

const ENTRIES = 1100

async function filled(database: ConstructorParameters<typeof AccessApi>[0]) {
  const api = new AccessApi(database, 'open')
  await database.db.transaction().execute(async (tx) => {
    for (let i = 0; i < ENTRIES; i++) {
      const action = i % 2 === 0 ? 'rule.add' : 'rule_add'
      const principal = { ...systemPrincipal, name: i % 10 === 0 ? 'ada@example.com' : 'system' }
      await writeAudit(tx, principal, i, { action, object: `rules/${i}`, detail: { '2': i, a: -0.5, text: 'é\u2028' } })
    }
    await writeAudit(tx, { ...systemPrincipal, org: 'other' }, 0, { action: 'secret', object: 'theirs' })
  })
  return api.client()
}

interface Entry {
  seq: number
}

testOnDatabases('the log is read by pages, newest first, and by filters', async (database) => {
  const client = await filled(database)
  const first = await client.ok('GET', '/audit?limit=3')
  const second = await client.ok('GET', `/audit?limit=3&cursor=${first.next_cursor}`)
  assert.deepEqual(
    [...first.items, ...second.items].map(({ seq }: Entry) => seq),
    [1100, 1099, 1098, 1097, 1096, 1095],
  )
  assert.deepEqual(first.items[0].detail, { '2': 1099, a: -0.5, text: 'é\u2028' })
  const count = async (query: string) => (await client.ok('GET', `/audit?limit=500&${query}`)).items.length
  assert.equal(await count('actor=ada@example.com'), 110)
  assert.equal(await count('action=rule.&since=100&until=200'), 50)
  assert.equal(await count('action=rule%25'), 0)
  assert.equal(await count('action=RULE'), 0)
  assert.equal(await count('object=rules/10'), 111)
  assert.equal(await count('object=theirs'), 0)
  assert.equal((await client.send('GET', '/audit?cursor=nonsense')).status, 422)
})

testOnDatabases('the export is complete, and its chain can be followed without the controller', async (database) => {
  const client = await filled(database)
  const { headers, body, status } = await client.send('GET', '/audit/export')
  assert.deepEqual([status, headers['content-type']], [200, 'application/x-ndjson'])
  const lines = String(body).trimEnd().split('\n')
  assert.equal(lines.length, ENTRIES)
  let previous = '0'.repeat(64)
  for (const line of lines) {
    const { org, seq, at, actor, via, action, object, detail, reason, previous_hash, hash } = JSON.parse(line)
    assert.equal(previous_hash, previous)
    const fields = [org, seq, at, actor, via, action, object, JSON.stringify(detail), reason, previous_hash]
    assert.equal(hash, createHash('sha256').update(JSON.stringify(fields)).digest('hex'))
    previous = hash
  }
  const some = String((await client.send('GET', '/audit/export?object=rules/109&since=1')).body)
  assert.equal(some.trimEnd().split('\n').length, 11)
})

testOnDatabases('verifying says where the chain is broken', async (database) => {
  const client = await filled(database)
  assert.deepEqual(await client.ok('GET', '/audit/verify'), { entries: ENTRIES, broken_at: null })
  await database.db.updateTable('audit').set({ detail: '{}' }).where('seq', '=', 1050).execute()
  assert.deepEqual(await client.ok('GET', '/audit/verify'), { entries: 1049, broken_at: 1050 })
})
