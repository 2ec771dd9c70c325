/** Secrets of an organisation: written, never read again by people; opened only to be sent to the gateways that need them. */
import type { Secret } from '#std/secret.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Db, Tx } from '../store/database.ts'
import type { ConfigurationTables } from '../store/tables/configurations.ts'

export const SECRETS_MAX = 1000

type SecretRow = ConfigurationTables['secrets']

export async function listSecrets(db: Db, org: string, after: string, limit: number): Promise<SecretRow[]> {
  return await db
    .selectFrom('secrets')
    .selectAll()
    .where('org_id', '=', org)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute()
}

export async function findSecret(db: Db, org: string, name: string): Promise<SecretRow | undefined> {
  return await db
    .selectFrom('secrets')
    .selectAll()
    .where('org_id', '=', org)
    .where('name', '=', name)
    .executeTakeFirst()
}

export async function putSecret(
  tx: Tx,
  box: SecretBox,
  org: string,
  name: string,
  value: Secret,
  at: number,
  by: string,
): Promise<void> {
  const values = { sealed: box.seal(value, placeOf(org, name)), updated_at: at, updated_by: by }
  await tx
    .insertInto('secrets')
    .values({ org_id: org, name, ...values })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet(values))
    .execute()
}

export async function deleteSecret(tx: Tx, org: string, name: string): Promise<void> {
  await tx.deleteFrom('secrets').where('org_id', '=', org).where('name', '=', name).execute()
}

/** Those that `content` refers to. What does not open (another key) is left out: the gateway says that it is missing. */
export async function secretsFor(db: Db, box: SecretBox, org: string, content: string): Promise<Map<string, Secret>> {
  const found = new Map<string, Secret>()
  for (const name of referencedSecrets(content)) {
    const row = await findSecret(db, org, name)
    const secret = row === undefined ? undefined : box.open(row.sealed, placeOf(org, name))
    if (secret !== undefined) found.set(name, secret)
  }
  return found
}

/** Names behind `${secret:…}`, sorted. */
export function referencedSecrets(content: string): string[] {
  return [...new Set([...content.matchAll(/\$\{secret:([^}"\\]*)\}/g)].map((match) => match[1]!))].sort()
}

function placeOf(org: string, name: string): string {
  return `${org}/secrets/${name}`
}
