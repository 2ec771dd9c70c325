/**
 * The audit log: every change and every raw tap, written in the transaction of the change. Entries of an organisation form a
 * chain: each has the hash of the one before, so that nothing can be changed, left out or put in between without it showing.
 */
import { createHash } from 'node:crypto'
import type { Db, Tx } from '../store/database.ts'
import type { SystemTables } from '../store/tables/system.ts'
import type { Principal } from './principal.ts'

export type AuditEntry = SystemTables['audit']

/** What is said of a change. `detail` holds no secrets: it is shown to everyone who may read the log. */
export interface AuditNote {
  /** Such as `rule.update`. */
  action: string
  /** Such as `configurations/default/pipelines/p/processors/drop_debug`. */
  object: string
  detail?: unknown
  reason?: string
}

export const CHAIN_START = '0'.repeat(64)

export async function writeAudit(tx: Tx, principal: Principal, at: number, note: AuditNote): Promise<void> {
  const { org } = principal
  // Whoever writes first holds this row until the transaction ends; the next one then continues from there.
  await tx
    .insertInto('audit_heads')
    .values({ org_id: org, seq: 0, hash: CHAIN_START })
    .onConflict((conflict) => conflict.column('org_id').doUpdateSet((eb) => ({ seq: eb.ref('audit_heads.seq') })))
    .execute()
  const head = await tx.selectFrom('audit_heads').selectAll().where('org_id', '=', org).executeTakeFirstOrThrow()
  const entry: AuditEntry = {
    org_id: org,
    seq: head.seq + 1,
    at,
    actor: principal.name,
    via: principal.via,
    action: note.action,
    object: note.object,
    detail: JSON.stringify(note.detail ?? null),
    reason: note.reason ?? null,
    previous_hash: head.hash,
    hash: '',
  }
  entry.hash = hashOfEntry(entry)
  await tx.insertInto('audit').values(entry).execute()
  await tx.updateTable('audit_heads').set({ seq: entry.seq, hash: entry.hash }).where('org_id', '=', org).execute()
}

/** SHA-256 over all fields but the hash itself, as a JSON list. */
export function hashOfEntry(entry: AuditEntry): string {
  const { org_id, seq, at, actor, via, action, object, detail, reason, previous_hash } = entry
  const fields = [org_id, seq, at, actor, via, action, object, detail, reason, previous_hash]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

const VERIFIED_AT_ONCE = 1000

/** Walks the chain. `brokenAt`: the first entry that does not fit; undefined when all do. */
export async function verifyAudit(db: Db, org: string): Promise<{ entries: number; brokenAt: number | undefined }> {
  let previous = CHAIN_START
  let seq = 0
  for (;;) {
    const entries = await db
      .selectFrom('audit')
      .selectAll()
      .where('org_id', '=', org)
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(VERIFIED_AT_ONCE)
      .execute()
    for (const entry of entries) {
      const fits = entry.seq === seq + 1 && entry.previous_hash === previous && entry.hash === hashOfEntry(entry)
      if (!fits) return { entries: seq, brokenAt: seq + 1 }
      seq = entry.seq
      previous = entry.hash
    }
    if (entries.length < VERIFIED_AT_ONCE) break
  }
  const head = await db.selectFrom('audit_heads').selectAll().where('org_id', '=', org).executeTakeFirst()
  const complete = head === undefined ? seq === 0 : head.seq === seq && head.hash === previous
  return { entries: seq, brokenAt: complete ? undefined : seq + 1 }
}
