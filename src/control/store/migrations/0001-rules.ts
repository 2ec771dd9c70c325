/** The first schema: rules, outputs and settings of the original product. Only SQLite ever had it. */
import { sql } from 'kysely'
import type { Migration } from '../migrations.ts'

export const rules: Migration = {
  name: '0001-rules',
  async up(tx, dialect) {
    if (dialect !== 'sqlite') return
    await sql`CREATE TABLE rules (
      org_id TEXT NOT NULL, id TEXT NOT NULL, position INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL,
      params TEXT NOT NULL, "when" TEXT, required INTEGER, on_error TEXT, UNIQUE (org_id, id))`.execute(tx)
    await sql`CREATE TABLE outputs (
      org_id TEXT NOT NULL, position INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, url TEXT,
      body TEXT NOT NULL)`.execute(tx)
    await sql`CREATE TABLE settings (
      org_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (org_id, name))`.execute(tx)
    await sql`CREATE TABLE published (
      org_id TEXT PRIMARY KEY, manifest TEXT NOT NULL, hash TEXT NOT NULL, published_at INTEGER NOT NULL)`.execute(tx)
  },
}
