/** What nobody should send, to every operation: it is refused with its place, at once, and nothing is kept. */
import fc from 'fast-check'
import { isWrite, type Operation, takes } from './api-contract.ts'
import { valuesOf } from './api-contract-bodies.ts'
import { dry, notAProblem } from './api-contract-checks.ts'
import { type Request, together } from './api-contract-client.ts'
import { anything, mutationsOf, notABody, pointsInto, type Sent, wrongTypes } from './api-contract-mutations.ts'
import { changed, storeState } from './api-contract-store.ts'
import type { ContractWorld } from './api-contract-world.ts'

/** A try at a login is remembered, right or wrong. */
const REMEMBERED = ['login_attempts', 'audit', 'audit_heads']
/** In the place of a parameter of the path. */
const PATH_ODD = [
  '%00',
  'a%00b',
  '%ed%a0%80',
  '%',
  '..',
  '%2e%2e%2f',
  'x'.repeat(250),
  'x'.repeat(3000),
  '-1',
  '1e300',
  '2147483648',
  '9007199254740991',
]
/** Whoever means a dry run and misspells it shall not change anything. */
const NEITHER = ['', '%00', 'x', 'null', '[]', '-1', 'true&dry_run=true']
/** In the place of a parameter of the query. */
const QUERY_ODD = [
  '',
  '%00',
  'a%00b',
  '%ff',
  'x'.repeat(5000),
  '-1',
  '0',
  '1.5',
  '1e300',
  '9007199254740993',
  'null',
  '[]',
]

export async function oddBodies(world: ContractWorld, seed: number, runs: number): Promise<string[]> {
  const failures: string[] = []
  const { contract } = world
  for (const operation of contract.operations.filter(({ body }) => body !== undefined)) {
    const as = world.ownerFor(operation, world.home)
    const request = await world.requestOf(operation, world.home, as)
    const names = namesOf(operation)
    const random = fc.oneof(
      { weight: 4, arbitrary: mutationsOf(request.body, names) },
      { weight: 1, arbitrary: anything(valuesOf(contract, operation.body!)) },
    )
    const sent = [
      ...notABody(operation.bodyRequired),
      // What the schema allows has its turn among the random ones: it costs a transaction.
      ...wrongTypes(request.body, names).filter((one) => !isAllowed(world, operation, one)),
      ...fc.sample(random, { seed, numRuns: runs }),
    ]
    const before = await storeState(world.database)
    let isKept = false
    await together([...sent.entries()], async ([i, one]) => {
      const { status, problems } = await tried(world, operation, request, one, i % 3 === 0)
      failures.push(...problems.map((problem) => `${operation.id} with ${one.what}: ${problem}`))
      if (status < 300 && !takes(operation, 'query', 'dry_run')) isKept = true
    })
    const except = isCounted(operation) ? REMEMBERED : []
    const differences = isKept ? [] : changed(before, await storeState(world.database), except)
    if (differences.length > 0) failures.push(`${operation.id}: refused, and still ${differences.join(', ')}`)
  }
  return failures
}

async function tried(world: ContractWorld, operation: Operation, request: Request, one: Sent, isTwice: boolean) {
  const names = [...namesOf(operation), ...keysIn(request.body)]
  const { path, as, headers } = request
  const typed = one.contentType === undefined ? {} : { 'content-type': one.contentType }
  const asked = { as, bytes: one.body, headers: { ...headers, ...typed } }
  const hasDry = takes(operation, 'query', 'dry_run')
  const answer = await world.ask(operation.method, hasDry ? dry(path) : path, asked)
  const { status } = answer
  const problems: string[] = []
  if (status >= 500) problems.push(`${status} ${answer.text}`)
  else if (status >= 400) {
    problems.push(...notAProblem(world, operation, answer))
    if (status === 422) problems.push(...lostPointers(answer.body, one.body, names))
    // Some are sent without the dry run too, so that the check behind this that nothing was kept means something.
    const again =
      isTwice && hasDry && !one.isWrong && !isCounted(operation)
        ? await world.ask(operation.method, path, asked)
        : answer
    if (again.status !== status) problems.push(`${status} as a dry run, ${again.status} without`)
  } else if (one.isWrong || !isAllowed(world, operation, one)) problems.push(`accepted with ${status}`)
  return { status, problems }
}

function isAllowed({ contract }: ContractWorld, operation: Operation, { body }: Sent): boolean {
  if (body === undefined || body === '') return !operation.bodyRequired
  return typeof body !== 'string' || contract.allows(operation, JSON.parse(body))
}

/** Wrong passwords are counted, and too many lock. */
function isCounted({ permission, path }: Operation): boolean {
  return permission === 'public' || path.includes('/me/')
}

function keysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => [key, ...keysIn(part)])
}

function namesOf({ body }: Operation): string[] {
  return Object.keys(Object(body?.['properties']))
}

function lostPointers(
  { errors = [] }: { errors?: { pointer: string }[] },
  body: Sent['body'],
  names: readonly string[],
): string[] {
  let sent: unknown
  try {
    sent = JSON.parse(String(body))
  } catch {
    return []
  }
  return errors.flatMap(({ pointer }) =>
    pointsInto(pointer, sent, names) ? [] : [`${pointer} leads nowhere in the body`],
  )
}

/** Parameters of paths and queries. Reads may answer, writes are dry. */
export async function oddParameters(world: ContractWorld): Promise<string[]> {
  const failures: string[] = []
  const { contract, home } = world
  const before = await storeState(world.database)
  await together(contract.operations, async (operation) => {
    const { method, parameters } = operation
    const { path, ...asked } = await world.requestOf(operation, home, home.owner)
    const paths = PATH_ODD.flatMap((odd) => (operation.path.includes('{') ? [lastParameter(operation, path, odd)] : []))
    const queries = parameters
      .filter((parameter) => parameter.in === 'query')
      .flatMap(({ name }) =>
        (name === 'dry_run' ? NEITHER : QUERY_ODD).map((odd) => `${path.split('?')[0]}?${name}=${odd}`),
      )
    for (const odd of [
      ...paths,
      ...queries,
      ...queries.slice(0, 1).map((query) => `${query}&${query.split('?')[1]}`),
    ]) {
      const isDry = isWrite(operation) && takes(operation, 'query', 'dry_run') && !odd.includes('dry_run=')
      if (isWrite(operation) && !isDry && !odd.includes('dry_run=')) continue
      const answer = await world.ask(method, isDry ? dry(odd) : odd, asked)
      const told = odd.length > 200 ? `${odd.slice(0, 200)}…` : odd
      if (answer.status >= 500) failures.push(`${method} ${told}: ${answer.status} ${answer.text}`)
      else if (answer.status >= 400)
        failures.push(...notAProblem(world, operation, answer).map((it) => `${told}: ${it}`))
    }
  })
  return [...failures, ...changed(before, await storeState(world.database))]
}

function lastParameter({ path: template }: Operation, path: string, odd: string): string {
  const at = template.split('/').findLastIndex((part) => part.startsWith('{'))
  return path
    .split('/')
    .map((part, i) => (i === at ? odd : part))
    .join('/')
}
