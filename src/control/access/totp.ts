/** The second factor: time-based codes (RFC 6238), and recovery codes for when the phone is gone. */
import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '#std/secret.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Db, Tx } from '../store/database.ts'
import type { UserRow } from './sessions.ts'

const ISSUER = 'StreamGate'
/** 160 bits, as RFC 4226, section 4 recommends. */
const SECRET_BYTES = 20
const PERIOD_S = 30
/** Phones' clocks differ: the code before and the one after count too (RFC 6238, section 5.2). */
const STEPS_BESIDE = 1
const RECOVERY_CODES = 10
const RECOVERY_BYTES = 10
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

export interface Enrolment {
  uri: string
  /** In base32. */
  secret: string
}

/** SHA-1 with 6 digits and 30 seconds: what every authenticator app can do. */
export async function newEnrolment(email: string): Promise<Enrolment> {
  const { TOTP, Secret: OtpSecret } = await import('otpauth')
  const secret = new OtpSecret({ size: SECRET_BYTES })
  const totp = new TOTP({ issuer: ISSUER, label: email, algorithm: 'SHA1', digits: 6, period: PERIOD_S, secret })
  return { uri: totp.toString(), secret: secret.base32 }
}

export function sealTotp(box: SecretBox, { org_id, id }: Pick<UserRow, 'org_id' | 'id'>, secret: string): string {
  return box.seal(new Secret(secret), placeOf(org_id, id))
}

/** The time step whose code it is; undefined: it is none. `at` is Unix time in milliseconds. */
export async function totpStep(box: SecretBox, user: UserRow, code: string, at: number): Promise<number | undefined> {
  if (user.totp_sealed === null || !/^\d{6}$/.test(code)) return undefined
  const secret = box.open(user.totp_sealed, placeOf(user.org_id, user.id))
  if (secret === undefined) return undefined
  const { TOTP, Secret: OtpSecret } = await import('otpauth')
  const totp = new TOTP({
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_S,
    secret: OtpSecret.fromBase32(secret.reveal()),
  })
  const delta = totp.validate({ token: code, timestamp: at, window: STEPS_BESIDE })
  return delta === null ? undefined : Math.floor(at / 1000 / PERIOD_S) + delta
}

/** True for a code that was not used before; now it is. Takes recovery codes too. */
export async function takeCode(tx: Tx, box: SecretBox, user: UserRow, typed: string, at: number): Promise<boolean> {
  const code = typed.replace(/[\s-]/g, '').toLowerCase()
  const step = await totpStep(box, user, code, at)
  if (step !== undefined) return await takeStep(tx, user, step)
  const taken = await tx
    .deleteFrom('recovery_codes')
    .where('org_id', '=', user.org_id)
    .where('user_id', '=', user.id)
    .where('code_hash', '=', recoveryHash(code))
    .executeTakeFirst()
  return Number(taken.numDeletedRows) === 1
}

/** False: a code of this step, or of a newer one, was taken before. One statement, so also when two come at once. */
export async function takeStep(tx: Tx, { org_id, id }: UserRow, step: number): Promise<boolean> {
  const taken = await tx
    .updateTable('users')
    .set({ totp_last_step: step })
    .where('org_id', '=', org_id)
    .where('id', '=', id)
    .where('totp_last_step', '<', step)
    .executeTakeFirst()
  return Number(taken.numUpdatedRows) === 1
}

/** Takes the place of all that there were. 80 bits each, so the store needs no slow hash. */
export async function newRecoveryCodes(tx: Tx, { org_id, id: user_id }: UserRow): Promise<string[]> {
  await dropRecoveryCodes(tx, org_id, user_id)
  const codes = Array.from({ length: RECOVERY_CODES }, recoveryCode)
  const rows = codes.map((code) => ({ org_id, user_id, code_hash: recoveryHash(code.replaceAll('-', '')) }))
  await tx.insertInto('recovery_codes').values(rows).execute()
  return codes
}

/** Switches the second factor off. */
export async function dropTotp(tx: Tx, org: string, id: string): Promise<void> {
  await dropRecoveryCodes(tx, org, id)
  await tx
    .updateTable('users')
    .set({ totp_sealed: null, totp_confirmed: 0 })
    .where('org_id', '=', org)
    .where('id', '=', id)
    .execute()
}

const REQUIRE_TOTP = 'require_totp'

export async function requiresTotp(db: Db, org: string): Promise<boolean> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('org_id', '=', org)
    .where('name', '=', REQUIRE_TOTP)
    .executeTakeFirst()
  return row?.value === 'true'
}

export async function setRequiresTotp(tx: Tx, org: string, required: boolean): Promise<void> {
  const value = String(required)
  await tx
    .insertInto('settings')
    .values({ org_id: org, name: REQUIRE_TOTP, value })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet({ value }))
    .execute()
}

async function dropRecoveryCodes(tx: Tx, org: string, userId: string): Promise<void> {
  await tx.deleteFrom('recovery_codes').where('org_id', '=', org).where('user_id', '=', userId).execute()
}

/** Such as `k3m9-xq7p-2vbn-w8rt`, of 32 letters that are not mistaken for each other. */
function recoveryCode(): string {
  let bits = BigInt(`0x${randomBytes(RECOVERY_BYTES).toString('hex')}`)
  let text = ''
  for (let i = 0; i < 16; i++, bits >>= 5n) text += LETTERS[Number(bits & 31n)]
  return text.match(/.{4}/g)!.join('-')
}

function recoveryHash(code: string): string {
  return createHash('sha256').update(`recovery:${code}`).digest('hex')
}

function placeOf(org: string, id: string): string {
  return `${org}/users/${id}/totp`
}
