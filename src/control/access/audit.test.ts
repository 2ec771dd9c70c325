import assert from 'node:assert/strict'
import type { Db } from '#control/store/database.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { verifyAudit, writeAudit } from './audit.ts'
import { systemPrincipal } from './principal.ts'

const ENTRIES = 20

/** All at once, as requests come. */
async function fill(db: Db, org: string): Promise<void> {
  const principal = { ...systemPrincipal, org }
  const notes = Array.from({ length: ENTRIES }, (_, i) => ({ action: 'rule.add', object: `rules/${i}`, detail: { i } }))
  await Promise.all(notes.map((note, i) => db.transaction().execute((tx) => writeAudit(tx, principal, i, note))))
}

testOnDatabases('entries written at once form one chain for each organisation', async ({ db }) => {
  await Promise.all([fill(db, 'default'), fill(db, 'other')])
  for (const org of ['default', 'other'])
    assert.deepEqual(await verifyAudit(db, org), { entries: ENTRIES, brokenAt: undefined })
  assert.deepEqual(await verifyAudit(db, 'nobody'), { entries: 0, brokenAt: undefined })
})

testOnDatabases('a changed, a missing and a cut-off entry break the chain', async ({ db }) => {
  await fill(db, 'default')
  await db.updateTable('audit').set({ actor: 'somebody' }).where('seq', '=', 7).execute()
  assert.equal((await verifyAudit(db, 'default')).brokenAt, 7)
  await db.updateTable('audit').set({ actor: 'system' }).where('seq', '=', 7).execute()
  assert.equal((await verifyAudit(db, 'default')).brokenAt, undefined)
  await db.deleteFrom('audit').where('seq', '=', ENTRIES).execute()
  assert.equal((await verifyAudit(db, 'default')).brokenAt, ENTRIES)
  await db.deleteFrom('audit').where('seq', '=', 3).execute()
  assert.equal((await verifyAudit(db, 'default')).brokenAt, 3)
})
