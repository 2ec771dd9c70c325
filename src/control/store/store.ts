/** What the controller keeps: rules, outputs, the batch size, and what was published last. */
import { sql } from 'kysely'
import type { ManifestOutput, ManifestProcessor } from '#contract/manifest.ts'
import { type Database, DEFAULT_ORG, openDatabase, type Tables } from './database.ts'

const BATCH_SIZE_DEFAULT = 100

export interface Published {
  /** The manifest's bytes, as text. */
  manifest: string
  /** SHA-256 of them, in hex. */
  hash: string
  publishedAt: number
}

export class Store {
  readonly #db: Database
  readonly #org: string

  constructor(db: Database, org = DEFAULT_ORG) {
    this.#db = db
    this.#org = org
  }

  static open(file: string): Store {
    return new Store(openDatabase(file))
  }

  async close(): Promise<void> {
    await this.#db.destroy()
  }

  /** In the order in which they apply. */
  async rules(): Promise<ManifestProcessor[]> {
    const rows = await this.#db
      .selectFrom('rules')
      .selectAll()
      .where('org_id', '=', this.#org)
      .orderBy('position')
      .execute()
    return rows.map((row) => ({
      id: row.id,
      type: row.type,
      params: JSON.parse(row.params),
      ...(row.when === null ? {} : { when: JSON.parse(row.when) }),
      ...(row.required === null ? {} : { required: row.required === 1 }),
      ...(row.on_error === null ? {} : { on_error: row.on_error as NonNullable<ManifestProcessor['on_error']> }),
    }))
  }

  /** False: the id is taken. */
  async addRule(rule: ManifestProcessor): Promise<boolean> {
    const result = await this.#db
      .insertInto('rules')
      .values({ org_id: this.#org, ...rowOf(rule) })
      .onConflict((conflict) => conflict.columns(['org_id', 'id']).doNothing())
      .executeTakeFirst()
    return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
  }

  /** Keeps its place in the order. False: there is no such rule. */
  async replaceRule(rule: ManifestProcessor): Promise<boolean> {
    const { id, ...changes } = rowOf(rule)
    const result = await this.#db
      .updateTable('rules')
      .set(changes)
      .where('org_id', '=', this.#org)
      .where('id', '=', id)
      .executeTakeFirst()
    return Number(result.numUpdatedRows) === 1
  }

  /** False: there is no such rule. */
  async deleteRule(id: string): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('rules')
      .where('org_id', '=', this.#org)
      .where('id', '=', id)
      .executeTakeFirst()
    return Number(result.numDeletedRows) === 1
  }

  async outputs(): Promise<ManifestOutput[]> {
    const rows = await this.#db
      .selectFrom('outputs')
      .select('body')
      .where('org_id', '=', this.#org)
      .orderBy('position')
      .execute()
    return rows.map((row) => JSON.parse(row.body))
  }

  /** False: there is an output with this URL. */
  async addOutput(output: ManifestOutput): Promise<boolean> {
    const url = output.url ?? null
    const result = await sql`
      INSERT INTO outputs (org_id, type, url, body)
      SELECT ${this.#org}, ${output.type}, ${url}, ${JSON.stringify(output)}
      WHERE NOT EXISTS (SELECT 1 FROM outputs WHERE org_id = ${this.#org} AND url = ${url})
    `.execute(this.#db)
    return Number(result.numAffectedRows ?? 0) === 1
  }

  async clearOutputs(): Promise<void> {
    await this.#db.deleteFrom('outputs').where('org_id', '=', this.#org).execute()
  }

  async batchSize(): Promise<number> {
    const row = await this.#db
      .selectFrom('settings')
      .select('value')
      .where('org_id', '=', this.#org)
      .where('name', '=', 'batch_size')
      .executeTakeFirst()
    return row === undefined ? BATCH_SIZE_DEFAULT : Number(row.value)
  }

  async setBatchSize(size: number): Promise<void> {
    const row = { org_id: this.#org, name: 'batch_size', value: String(size) }
    await this.#db
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet({ value: row.value }))
      .execute()
  }

  async published(): Promise<Published | undefined> {
    const row = await this.#db.selectFrom('published').selectAll().where('org_id', '=', this.#org).executeTakeFirst()
    return row === undefined ? undefined : { manifest: row.manifest, hash: row.hash, publishedAt: row.published_at }
  }

  async setPublished({ manifest, hash, publishedAt }: Published): Promise<void> {
    const values = { manifest, hash, published_at: publishedAt }
    await this.#db
      .insertInto('published')
      .values({ org_id: this.#org, ...values })
      .onConflict((conflict) => conflict.column('org_id').doUpdateSet(values))
      .execute()
  }
}

function rowOf(rule: ManifestProcessor): Omit<Tables['rules'], 'org_id' | 'position'> {
  return {
    id: rule.id,
    type: rule.type,
    params: JSON.stringify(rule.params),
    when: rule.when === undefined ? null : JSON.stringify(rule.when),
    required: rule.required === undefined ? null : Number(rule.required),
    on_error: rule.on_error ?? null,
  }
}
