/**
 * The contract of the controller's API, walked from the document that it serves: whatever route is added is tested here
 * without a word about it. Only exceptions are listed, each with its reason.
 */
import assert from 'node:assert/strict'
import {
  byPermission,
  ofAnother,
  readings,
  withEndedKeys,
  withoutCredential,
  withoutCsrfToken,
} from '#test/support/api-contract-checks.ts'
import { flaws } from '#test/support/api-contract-document.ts'
import { oddBodies, oddParameters } from '#test/support/api-contract-fuzz.ts'
import { ContractWorld } from '#test/support/api-contract-world.ts'
import { dryRuns, type Exceptions, pages, preconditions, repeats } from '#test/support/api-contract-writes.ts'
import { testOnDatabases } from '#test/support/databases.ts'

/** Failures print it; the same one sends the same. */
const SEED = Number(process.env['STREAMGATE_TEST_SEED'] ?? 20_260_101)
const RUNS = Number(process.env['STREAMGATE_TEST_RUNS'] ?? 12)

/** Of failures. */
const SHOWN = 200

const V1 = '/api/v1'
const CONFIGURATION = `${V1}/configurations/{configuration}`
const AS_BEFORE = 'a plain list, as in the original product'
const LAST_WRITE_WINS = 'as in the original product, whoever writes last wins'
const SHOWS_SECRETS = 'its answer shows a secret once, which is not kept'
const HAS_PASSWORD = 'nothing that follows from a password is kept'
const KEEPS_NOTHING = 'it keeps nothing'

const withoutDryRun: Exceptions = {
  [`POST ${V1}/login`]: 'a try is remembered, right or wrong',
  [`POST ${V1}/setup`]: 'it uses a token up, and logs in',
  [`POST ${V1}/alerts/preview`]: KEEPS_NOTHING,
  [`POST ${CONFIGURATION}/validate`]: KEEPS_NOTHING,
  [`POST ${CONFIGURATION}/plan`]: KEEPS_NOTHING,
  [`POST ${CONFIGURATION}/receipts`]: 'a receipt is a look at a draft; keeping it is what it is made for',
}

const refusedHere: Exceptions = {
  [`POST ${V1}/gateways/{id}/retry`]: 'no configuration has failed there',
  [`POST ${V1}/me/totp/confirm`]: 'nobody has begun with a second factor',
  [`POST ${V1}/me/totp/recovery-codes`]: 'there is no second factor',
  [`POST ${V1}/me/totp/disable`]: 'there is no second factor',
  [`POST ${V1}/webhook-deliveries/{id}/replay`]: 'the delivery is still on its way',
}

const unconditional: Exceptions = {
  'PUT /rules/{id}': LAST_WRITE_WINS,
  'DELETE /rules/{id}': LAST_WRITE_WINS,
  'DELETE /outputs': LAST_WRITE_WINS,
  [`PUT ${V1}/rules/{id}`]: LAST_WRITE_WINS,
  [`DELETE ${V1}/rules/{id}`]: LAST_WRITE_WINS,
  [`DELETE ${V1}/outputs`]: LAST_WRITE_WINS,
  [`PUT ${V1}/secrets/{name}`]: 'nobody sees the value that is replaced',
  [`DELETE ${V1}/secrets/{name}`]: 'nobody sees the value that is deleted',
}

const notRepeated: Exceptions = {
  [`POST ${V1}/logout`]: 'the session that the repeat would need is over',
  [`POST ${V1}/me/password`]: HAS_PASSWORD,
  [`POST ${V1}/me/totp`]: HAS_PASSWORD,
  [`POST ${V1}/me/totp/confirm`]: SHOWS_SECRETS,
  [`POST ${V1}/me/totp/recovery-codes`]: SHOWS_SECRETS,
  [`POST ${V1}/me/totp/disable`]: HAS_PASSWORD,
  [`POST ${V1}/users`]: HAS_PASSWORD,
  [`POST ${V1}/users/{id}/invite`]: SHOWS_SECRETS,
  [`POST ${V1}/keys`]: SHOWS_SECRETS,
  [`POST ${V1}/orgs`]: SHOWS_SECRETS,
  [`POST ${V1}/orgs/{id}/invite`]: SHOWS_SECRETS,
  [`POST ${V1}/registration-tokens`]: SHOWS_SECRETS,
  [`POST ${V1}/webhooks`]: SHOWS_SECRETS,
}

const PART = 'a part of one document, which says how many it may have'
const withoutPages: Exceptions = {
  'GET /rules': AS_BEFORE,
  [`GET ${V1}/rules`]: AS_BEFORE,
  [`GET ${CONFIGURATION}/sources`]: PART,
  [`GET ${CONFIGURATION}/pipelines`]: PART,
  [`GET ${CONFIGURATION}/outputs`]: PART,
  [`GET ${CONFIGURATION}/upstreams`]: PART,
  [`GET ${CONFIGURATION}/pipelines/{pipeline}/processors`]: PART,
}

testOnDatabases('every route keeps the contract of its document', async (database, t) => {
  await using world = await ContractWorld.build(database)
  const holds = (name: string, check: () => Promise<string[]>) =>
    t.test(name, async () => {
      const failures = [...(await check()), ...world.errors.splice(0)]
      assert.equal(failures.length, 0, `\n${[...new Set(failures)].slice(0, SHOWN).join('\n')}`)
    })

  await holds('the document is sound', async () => {
    world.contract.compileAll()
    return flaws(world.contract)
  })
  await holds('answers have the shape that the document says', () => readings(world))
  await holds('without a credential nothing is answered', () => withoutCredential(world))
  await holds('a cookie changes nothing without its token', () => withoutCsrfToken(world))
  await holds('roles and grants may do what the document says, and nothing else', () => byPermission(world))
  await holds('what is of another organisation is not there', () => ofAnother(world))
  await holds('lists go by pages, each entry once', () => pages(world, withoutPages))
  await holds('a dry run does everything but keep it', () => dryRuns(world, withoutDryRun, refusedHere))
  await holds('nothing is changed that the caller has not seen', () => preconditions(world, unconditional))
  await holds('odd parameters are refused', () => oddParameters(world))
  await holds(`odd bodies are refused with their place (seed ${SEED})`, () => oddBodies(world, SEED, RUNS))
  await holds('a request that comes again does nothing', () => repeats(world, notRepeated))
  await holds('a key that has ended opens nothing', () => withEndedKeys(world))
})
