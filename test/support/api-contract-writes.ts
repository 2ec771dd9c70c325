/** What holds for every write: dry runs, preconditions, repeats; and for every list: pages. */
import { isWrite, type Operation, takes } from './api-contract.ts'
import { dry, guarded, notAProblem } from './api-contract-checks.ts'
import type { Request } from './api-contract-client.ts'
import { EACH } from './api-contract-seeding.ts'
import { changed, storeState } from './api-contract-store.ts'
import type { ContractWorld } from './api-contract-world.ts'

/** By operation: why. */
export type Exceptions = Readonly<Record<string, string>>

/** Everything that a route of these exceptions is: listed, and nothing else. */
function compared(what: string, found: readonly string[], listed: Exceptions): string[] {
  return [
    ...found.filter((id) => !(id in listed)).map((id) => `${id} ${what}`),
    ...Object.keys(listed).flatMap((id) => (found.includes(id) ? [] : [`${id} is listed, but it is not so: ${what}`])),
  ]
}

export async function dryRuns(world: ContractWorld, without: Exceptions, refused: Exceptions): Promise<string[]> {
  const writes = world.contract.operations.filter(isWrite)
  const lacking = writes.filter((operation) => !takes(operation, 'query', 'dry_run')).map(({ id }) => id)
  const failures = compared('has no dry run', lacking, without)
  for (const operation of writes.filter(({ id }) => !lacking.includes(id))) {
    const { path, ...asked } = await world.requestOf(operation, world.home, world.ownerFor(operation, world.home))
    const before = await storeState(world.database)
    const answer = await world.ask(operation.method, dry(path), asked)
    const differences = changed(before, await storeState(world.database))
    if (differences.length > 0) failures.push(`${operation.id}: its dry run changes ${differences.join(', ')}`)
    const isGood = answer.status < 300
    if (isGood === operation.id in refused) failures.push(`${operation.id}: ${answer.status} ${answer.text}`)
    const complaint = isGood ? world.contract.complaint(operation, answer.status, answer.body) : undefined
    if (complaint !== undefined) failures.push(`${operation.id}: ${complaint}`)
  }
  return failures
}

export async function preconditions(world: ContractWorld, unconditional: Exceptions): Promise<string[]> {
  const changing = guarded(world).filter(({ method }) => method !== 'GET' && method !== 'POST')
  const lacking = changing.filter((operation) => !takes(operation, 'header', 'if-match')).map(({ id }) => id)
  const failures = compared('needs no If-Match', lacking, unconditional)
  const before = await storeState(world.database)
  for (const operation of changing.filter(({ id }) => !lacking.includes(id))) {
    const { path, body, headers, as } = await world.requestOf(operation, world.home, world.home.owner)
    const etag = headers?.['if-match']
    if (etag === undefined) failures.push(`${operation.id}: a GET of it gives no ETag`)
    for (const [status, sent] of [
      [428, {}],
      [412, { 'if-match': '"stale"' }],
      [412, { 'if-match': '"stale", W/"weak"' }],
    ] as const) {
      const answer = await world.ask(operation.method, path, { as, body, headers: sent })
      if (answer.status !== status) failures.push(`${operation.id}: ${answer.status} in the place of ${status}`)
      else if (status === 412 && answer.etag !== etag) failures.push(`${operation.id}: its 412 does not say the ETag`)
      failures.push(...notAProblem(world, operation, answer))
    }
  }
  return [...failures, ...changed(before, await storeState(world.database))]
}

export async function repeats(world: ContractWorld, secret: Exceptions): Promise<string[]> {
  const posts = guarded(world).filter(({ method }) => method === 'POST')
  const lacking = posts.filter((operation) => !takes(operation, 'header', 'idempotency-key')).map(({ id }) => id)
  const failures = compared('heeds no Idempotency-Key', lacking, secret)
  let n = 0
  for (const operation of posts.filter(({ id }) => !lacking.includes(id))) {
    const key = { 'idempotency-key': `contract-${++n}` }
    const request = await world.requestOf(operation, world.home, world.ownerFor(operation, world.home), EACH + 2)
    const send = ({ path, ...asked }: Request) =>
      world.ask('POST', path, { ...asked, headers: { ...asked.headers, ...key } })
    const first = await send(request)
    const before = await storeState(world.database)
    const second = await send(request)
    if (first.status >= 500) failures.push(`${operation.id}: ${first.status} ${first.text}`)
    if (second.headers['idempotent-replayed'] !== 'true') failures.push(`${operation.id}: is not replayed`)
    for (const part of ['status', 'text', 'etag', 'type'] as const)
      if (first[part] !== second[part]) failures.push(`${operation.id}: its ${part} is another the second time`)
    const third = await send({ ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}x=1` })
    if (third.status !== 422) failures.push(`${operation.id}: another request with the key gets ${third.status}`)
    const differences = changed(before, await storeState(world.database))
    if (differences.length > 0) failures.push(`${operation.id}: the second changes ${differences.join(', ')}`)
  }
  return failures
}

/** Lists go by pages, each entry once. `whole`: lists that do not, and are bounded by something else. */
export async function pages(world: ContractWorld, whole: Exceptions): Promise<string[]> {
  const { contract } = world
  const isList = ({ path, method, responses }: Operation) => {
    const schema = responses['200']?.content?.['application/json']?.schema
    const properties = Object(schema && contract.resolved(schema)['properties'])
    return method === 'GET' && (hasOnes(world, path) || 'items' in properties || 'next_cursor' in properties)
  }
  const lists = contract.operations.filter(isList)
  const isPaged = (list: Operation) => takes(list, 'query', 'limit') && takes(list, 'query', 'cursor')
  const failures = compared(
    'has no pages',
    lists.filter((list) => !isPaged(list)).map(({ id }) => id),
    whole,
  )
  for (const list of lists.filter(isPaged)) {
    const as = world.ownerFor(list, world.home)
    const path = world.pathOf(list, world.home)!
    const all = await world.ask('GET', `${path}?limit=500`, { as })
    const seen: unknown[] = []
    let cursor: string | null = ''
    for (let page = 0; cursor !== null && page <= all.body.items.length; page++) {
      const answer = await world.ask('GET', `${path}?limit=1${cursor && `&cursor=${cursor}`}`, { as })
      if (answer.status !== 200) failures.push(`${list.id}: ${answer.status} ${answer.text}`)
      if (answer.body.items?.length > 1) failures.push(`${list.id}: more than the limit`)
      seen.push(...(answer.body.items ?? []))
      cursor = answer.body.next_cursor ?? null
    }
    if (all.body.items.length < 2) failures.push(`${list.id}: the world has too few of it to have pages`)
    if (JSON.stringify(seen) !== JSON.stringify(all.body.items))
      failures.push(`${list.id}: ${seen.length} entries by pages of one, ${all.body.items.length} at once`)
    for (const wrong of ['limit=0', 'limit=501', 'limit=x', ...CURSORS.map((text) => `cursor=${text}`)]) {
      const answer = await world.ask('GET', `${path}?${wrong}`, { as })
      if (answer.status !== 422 && !(wrong.startsWith('cursor') && answer.status === 200))
        failures.push(`${list.id}?${wrong}: ${answer.status} ${answer.text}`)
    }
  }
  return failures
}

/** None that a list has given, though some of them look like it. */
const CURSORS = ['x', '', null, {}, 7, -1, 1.5, 1e300, 'text', '\u0000', '\ud800', 'x'.repeat(2000), 2 ** 40].map(
  (key) => (key === 'x' ? key : Buffer.from(JSON.stringify(key)).toString('base64url')),
)

function hasOnes({ contract }: ContractWorld, path: string): boolean {
  return contract.operations.some((one) => one.path.startsWith(`${path}/{`) && one.path.endsWith('}'))
}
