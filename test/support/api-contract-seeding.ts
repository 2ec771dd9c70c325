/**
 * Something of everything in two organisations: what the API can make is made through it, by the document it serves; what
 * comes from gateways and from time is put into the store.
 */
import assert from 'node:assert/strict'
import { PASSWORD } from './api-contract-bodies.ts'
import type { Caller } from './api-contract-client.ts'
import { answering, plantEvents, plantGateways, plantLiveGateway, writtenBooks } from './api-contract-plants.ts'
import { type ContractWorld, nameless, type Side } from './api-contract-world.ts'

/** Of each kind, so that lists have pages. */
export const EACH = 3
/** Some of the series wait so long for others. */
const BOOKS_WAIT_MS = 1000

export async function populate(world: ContractWorld): Promise<void> {
  const { controller, database, clock } = world
  const { fleet } = controller
  const [, token] = controller.firstLogin!.split('=')
  const home = await sideOf(world, 'default', 'ofalpha', token!)
  const body = { id: 'other', name: 'other' }
  const made = await world.must(200, 'POST', '/api/v1/orgs', { as: home.owner, body })
  await sideOf(world, 'other', 'ofbeta', made.body.invitation.token)
  await plantGateways(fleet, database)
  for (const { org, mark } of world.sides) {
    const link = plantLiveGateway(fleet, clock, org, mark)
    world.links.push(link)
    await answering(fleet, org, link)
  }
  clock.advance(BOOKS_WAIT_MS)
  await writtenBooks(database)
  for (const side of world.sides) {
    await plantEvents(database, side.org, side.mark)
    await fill(world, side)
  }
}

export async function logIn(world: ContractWorld, email: string, name: string): Promise<Caller> {
  const answer = await world.must(200, 'POST', '/api/v1/login', { body: { email, password: PASSWORD } })
  const cookie = String(answer.headers['set-cookie']).split(';')[0]!
  return { name, headers: { cookie, 'x-csrf-token': answer.body.csrf_token } }
}

/** The first use of a key is written down: it is over before anything is compared. */
export async function used(world: ContractWorld, caller: Caller): Promise<Caller> {
  await world.must(200, 'GET', '/api/v1/me', { as: caller })
  return caller
}

async function sideOf(world: ContractWorld, org: string, mark: string, token: string): Promise<Side> {
  const email = `owner@${mark}.example`
  await world.must(200, 'POST', '/api/v1/setup', { body: { token, email, password: PASSWORD } })
  const ownerSession = await logIn(world, email, `owner of ${org}`)
  const body = { name: `${mark}-first`, role: 'owner', personal: false }
  const made = await world.must(200, 'POST', '/api/v1/keys', { as: ownerSession, body })
  const owner = { name: `key of ${org}`, headers: { authorization: `Bearer ${made.body.key}` } }
  const side: Side = { org, mark, owner: await used(world, owner), ownerSession, values: new Map() }
  world.sides.push(side)
  return side
}

async function fill(world: ContractWorld, side: Side): Promise<void> {
  const { owner, mark, values } = side
  const { operations } = world.contract
  const makers = operations.filter(
    ({ method, path }) => method === 'POST' && operations.some((one) => isOne(one.path, path)),
  )
  // What stands in others comes after them.
  for (const operation of makers.sort((a, b) => a.path.split('{').length - b.path.split('{').length)) {
    for (let i = 1; i <= EACH; i++) {
      const { path, ...asked } = await world.requestOf(operation, side, owner, i)
      const { status, text } = await world.ask('POST', path, asked)
      assert.ok(status < 300, `POST ${path} with what its schema allows: ${text}; an example may be needed`)
    }
    await look(world, side, operation.path)
  }
  for (let i = 1; i <= EACH; i++) {
    const secret = { as: owner, body: { value: `hidden ${i}` } }
    await world.must(200, 'PUT', `/api/v1/secrets/${mark}-secret-${i}`, secret)
    await publish(world, side, i)
    await world.must(202, 'POST', `/api/v1/webhooks/${values.get('/api/v1/webhooks/{}')}/test`, { as: owner })
  }
  await look(world, side)
  const sessions = await world.must(200, 'GET', '/api/v1/me/sessions', { as: side.ownerSession })
  const past = sessions.body.items.find(({ current }: { current: boolean }) => !current)
  values.set('/api/v1/me/sessions/{}', past.id).set('/api/v1/orgs/{}', await orgWithoutUsers(world, side))
}

async function publish(world: ContractWorld, side: Side, i: number): Promise<void> {
  const { owner: as, mark } = side
  const base = world.pathOf({ path: '/api/v1/configurations/{configuration}' }, side)!
  const rule = { id: `${mark}-published-${i}`, type: 'filter', params: { value: `TRACE ${i}` } }
  await world.must(201, 'POST', `${base}/pipelines/${mark}-pipeline-${EACH}/processors`, { as, body: rule })
  const made = await world.must(201, 'POST', `${base}/receipts`, { as, body: {} })
  const { id: receipt } = made.body
  await world.must(200, 'POST', `${base}/publish`, { as, body: { message: `${mark} ${i}`, receipt } })
  side.values.set('/api/v1/configurations/{}/receipts/{}', receipt)
}

/** One's own for who may not make any. */
async function orgWithoutUsers(world: ContractWorld, { org, mark, owner }: Side): Promise<string> {
  if (org !== 'default') return org
  const id = `${mark}-org`
  await world.must(200, 'POST', '/api/v1/orgs', { as: owner, body: { id, name: id } })
  return id
}

/** Finds in each list, or in that one, something that other routes can be asked about. */
async function look(world: ContractWorld, side: Side, only?: string): Promise<void> {
  for (const one of Object.keys(world.contract.document.paths)) {
    const [, list, name] = /^(.*)\/\{(\w+)\}$/.exec(one) ?? []
    if (list === undefined || (only ?? list) !== list || world.contract.find(`GET ${list}`) === undefined) continue
    const path = world.pathOf({ path: list }, side)
    if (path === undefined) continue
    const { status, body } = await world.ask('GET', path, { as: side.owner })
    const items: Record<string, unknown>[] = status === 200 ? (Array.isArray(body) ? body : body.items) : []
    const item = items.findLast((candidate) => JSON.stringify(candidate).includes(side.mark)) ?? items.at(-1)
    const value = item?.[name!] ?? item?.['id'] ?? item?.['name'] ?? item?.['number']
    if (value !== undefined) side.values.set(nameless(one), String(value))
  }
}

/** Whether the path leads to one entry of the list. */
function isOne(path: string, list: string): boolean {
  return path.startsWith(`${list}/{`) && path.endsWith('}') && !path.slice(list.length + 1).includes('/')
}
