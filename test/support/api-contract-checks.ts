/** What holds for every operation of the API, each as a walk over all of them that says where it does not. */
import { permissionsOf } from '#control/access/principal.ts'
import { isWrite, type Operation, takes } from './api-contract.ts'
import { type Answer, type Request, together } from './api-contract-client.ts'
import { type ContractWorld, everybody, isForSessions } from './api-contract-world.ts'

/** What makes or replaces by a name of the caller's: another's name is free. */
const NAMED_BY_CALLER = ['PUT /api/v1/secrets/{name}']

export function guarded(world: ContractWorld): Operation[] {
  return world.contract.operations.filter(({ permission }) => permission !== 'public')
}

export async function withoutCredential(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  await together(guarded(world), async (operation) => {
    const { method } = operation
    const path = world.pathOf(operation, world.home)!
    for (const headers of [{}, { authorization: 'Bearer nonsense' }, { cookie: 'sg_session=nonsense' }]) {
      const answer = await world.ask(method, path, { headers, body: method === 'GET' ? undefined : {} })
      if (answer.status !== 401) failures.push(`${operation.id} with ${JSON.stringify(headers)}: ${answer.status}`)
      else if (answer.headers['www-authenticate'] === undefined) failures.push(`${operation.id}: no www-authenticate`)
      failures.push(...notAProblem(world, operation, answer))
    }
    // Who may not read it may not ask for its headers either.
    const head = method === 'GET' ? await world.ask('HEAD', path) : undefined
    if (head !== undefined && head.status !== 401) failures.push(`HEAD ${operation.path}: ${head.status}`)
  })
  return failures
}

/** Each role and grant may do exactly what the document says. Writes are dry runs, or refused for another reason. */
export async function byPermission(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  const requests = new Map<Operation, Request>()
  for (const operation of guarded(world))
    requests.set(operation, await world.requestOf(operation, world.home, world.ownerFor(operation, world.home)))
  for (const [role, grants] of everybody) {
    const { session, key } = await world.person(role, grants)
    const permissions = permissionsOf(role, grants)
    await together(guarded(world), async (operation) => {
      const may = permissions.has(operation.permission as never)
      for (const as of [session, key]) {
        // Keys get what people get, from the same function: they are asked for roles only.
        if (as === key && (grants.length > 0 || isForSessions(operation.path))) continue
        const answer = await attempt(world, operation, { ...requests.get(operation)!, as })
        const isAllowed = answer.status !== 401 && answer.status !== 403
        if (isAllowed === may) continue
        failures.push(`${operation.id} for ${as.name}: ${answer.status}, needs ${operation.permission}; ${answer.text}`)
      }
    })
  }
  return failures
}

/** A valid request that keeps nothing. */
async function attempt(world: ContractWorld, operation: Operation, { path, ...asked }: Request): Promise<Answer> {
  const { as } = asked
  if (!isWrite(operation)) return await world.ask('GET', path, { as })
  if (takes(operation, 'query', 'dry_run')) return await world.ask(operation.method, dry(path), asked)
  // What has no dry run shows whether it is allowed by what it says of a body that is none.
  return await world.ask(operation.method, path, { as, body: [] })
}

/** With a credential of another organisation, what is of this one is not there; and no list has anything of it. */
export async function ofAnother(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  const { home, other } = world
  for (const [owner, stranger] of [
    [home, other],
    [other, home],
  ] as const)
    await together(guarded(world), async (operation) => {
      const as = world.ownerFor(operation, stranger)
      const theirs = world.pathOf(operation, owner)!
      // All organisations are to be seen by owners of the default one.
      if (operation.path.startsWith('/api/v1/orgs') && stranger === home) return
      const { path: _, ...asked } = await world.requestOf(operation, owner, owner.owner)
      const path = operation.method === 'GET' ? theirs : dry(theirs)
      const answer = await world.ask(operation.method, path, { ...asked, as })
      const isOfAnother = operation.path.includes('{') && !NAMED_BY_CALLER.includes(operation.id)
      if (isOfAnother && answer.status !== 404)
        failures.push(`${operation.id} of ${owner.org} for ${as.name}: ${answer.status} ${answer.text}`)
      if (operation.method !== 'GET') return
      const secrets = [owner.mark, ...[...owner.values.values()].filter((value) => value.length > 10)]
      const text = answer.status === 404 ? '' : answer.text
      const leaked = secrets.filter((secret) => text.includes(secret))
      if (leaked.length > 0) failures.push(`${operation.id} shows ${as.name} ${leaked.join(', ')} of ${owner.org}`)
    })
  return failures
}

export async function withoutCsrfToken(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  const { cookie } = world.home.ownerSession.headers
  await together(guarded(world).filter(isWrite), async (operation) => {
    const { path, ...asked } = await world.requestOf(operation, world.home, world.home.ownerSession)
    for (const headers of [{}, { 'x-csrf-token': 'nonsense' }]) {
      const as = { name: 'a page of somebody else', headers: { cookie: cookie!, ...headers } }
      const answer = await world.ask(operation.method, path, { ...asked, as })
      if (answer.status !== 403) failures.push(`${operation.id}: ${answer.status}`)
    }
  })
  return failures
}

export async function withEndedKeys(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  const { home, clock } = world
  const [expired, revoked] = [
    await world.key('expired', 'owner', [], clock.wall() + 1000),
    await world.key('revoked', 'owner'),
  ]
  const { body } = await world.must(200, 'GET', '/api/v1/keys?limit=500', { as: home.owner })
  const { id } = body.items.find(({ name }: { name: string }) => name === 'revoked')
  const { etag } = await world.must(200, 'GET', `/api/v1/keys/${id}`, { as: home.owner })
  await world.must(200, 'DELETE', `/api/v1/keys/${id}`, { as: home.owner, headers: { 'if-match': etag! } })
  clock.advance(1000)
  await together(guarded(world), async (operation) => {
    for (const as of [expired, revoked]) {
      const { status } = await world.ask(operation.method, world.pathOf(operation, home)!, { as })
      if (status !== 401) failures.push(`${operation.id} with an ended ${as.name}: ${status}`)
    }
  })
  return failures
}

/** Answers of all GETs against their schemas, with the entity tag of what is one thing. */
export async function readings(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  const { contract } = world
  for (const side of world.sides)
    await together(
      contract.operations.filter((operation) => !isWrite(operation)),
      async (operation) => {
        const path = world.pathOf(operation, side)
        if (path === undefined) return void failures.push(`${operation.id}: the world has none of it`)
        const as = world.ownerFor(operation, side)
        const answer = await world.ask('GET', path, { as })
        if (answer.status !== 200) failures.push(`${operation.id}: ${answer.status} ${answer.text}`)
        const declared = Object.keys(operation.responses['200']?.content ?? {})[0]
        if (declared !== answer.type) failures.push(`${operation.id}: answers ${answer.type}, says ${declared}`)
        const complaint = declared?.endsWith('/json') ? contract.complaint(operation, 200, answer.body) : undefined
        if (complaint !== undefined) failures.push(`${operation.id}: ${complaint}`)
        const hasWrites = contract.operations.some(
          (one) => one.path === operation.path && takes(one, 'header', 'if-match'),
        )
        if (!operation.path.endsWith('}') && !hasWrites) return
        const again = await world.ask('GET', path, { as })
        if (answer.etag === undefined) failures.push(`${operation.id}: is one thing and has no ETag`)
        else if (!/^"[!-~]+"$/.test(answer.etag)) failures.push(`${operation.id}: the ETag ${answer.etag}`)
        else if (again.etag !== answer.etag) failures.push(`${operation.id}: the ETag changes by itself`)
      },
    )
  return failures
}

/** What is wrong with an answer that refuses. */
export function notAProblem({ contract }: ContractWorld, operation: Operation, answer: Answer): string[] {
  const { status, type, body } = answer
  if (type !== 'application/problem+json') return [`${operation.id}: ${status} as ${type}`]
  const complaint = contract.complaint(operation, status, body)
  if (complaint !== undefined) return [`${operation.id}: ${complaint}`]
  return body.status === status ? [] : [`${operation.id}: the body says ${body.status}, the answer is ${status}`]
}

export function dry(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}dry_run=true`
}
