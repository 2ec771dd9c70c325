/** Secrets: named, written, replaced, deleted; never shown. Documents refer to them as `${secret:name}`. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { CONFIGURATIONS_MAX, type secretInfo as Info, secretInfo, secretValue } from '#contract/configuration.ts'
import { Secret } from '#std/secret.ts'
import { listConfigurations, liveVersion } from '../configurations/configurations.ts'
import {
  deleteSecret,
  findSecret,
  listSecrets,
  putSecret,
  referencedSecrets,
  SECRETS_MAX,
} from '../configurations/secrets.ts'
import type { ControlContext } from '../context.ts'
import type { Db } from '../store/database.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, writeQuery } from './writing.ts'

const tags = ['secrets']
/** Nobody sees what they replace, so there is nothing to say of it in `If-Match`. */
const admin = { permission: 'admin', idempotent: false, unconditional: true } as const
const refusals = { 401: problem, 403: problem, 404: problem, 409: problem, 422: problem }
const named = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'must be 1 to 128 letters, digits or _ . -'),
})

/** `changed`: called when gateways may need other secrets than they have. */
export async function secretRoutes(
  instance: FastifyInstance,
  context: ControlContext & { secretsChanged(org: string): void },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, box, clock } = context

  const list = {
    summary: 'The secrets, without their values',
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(secretInfo), ...refusals },
  }
  app.get('/secrets', { config: { permission: 'read' }, schema: list }, async ({ principal, query }) => {
    const rows = await listSecrets(db, principal.org, keyFrom(query.cursor, 'string') ?? '', query.limit + 1)
    const users = await usersOfSecrets(db, principal.org)
    return toPage(
      rows,
      query.limit,
      ({ name }) => name,
      (row) => infoOf(row, users),
    )
  })

  const put = {
    summary: 'Set a secret',
    tags,
    params: named,
    querystring: writeQuery,
    body: secretValue,
    response: { 200: secretInfo, ...refusals },
  }
  app.put('/secrets/:name', { config: admin, schema: put }, async (request) => {
    const { org, name: by } = request.principal
    const { name } = request.params
    const value = new Secret(request.body.value)
    const result = await change(context, request, async (tx) => {
      const before = await findSecret(tx, org, name)
      if (before === undefined && (await listSecrets(tx, org, '', SECRETS_MAX)).length >= SECRETS_MAX)
        throw new Problem(422, `there are ${SECRETS_MAX} secrets already, which is the limit`)
      await putSecret(tx, box, org, name, value, clock.wall(), by)
      const row = (await findSecret(tx, org, name))!
      const audit = { action: before === undefined ? 'secret.add' : 'secret.update', object: `secrets/${name}` }
      return { result: infoOf(row, await usersOfSecrets(tx, org)), audit }
    })
    if (!request.query.dry_run) context.secretsChanged(org)
    return result
  })

  const remove = {
    summary: 'Delete a secret that nothing live refers to',
    tags,
    params: named,
    querystring: writeQuery,
    response: { 204: z.null(), ...refusals },
  }
  app.delete('/secrets/:name', { config: admin, schema: remove }, async (request, reply) => {
    const { org } = request.principal
    const { name } = request.params
    await change(context, request, async (tx) => {
      if ((await findSecret(tx, org, name)) === undefined) throw new Problem(404, `there is no secret "${name}"`)
      const users = (await usersOfSecrets(tx, org)).get(name) ?? []
      if (users.length > 0) throw new Problem(409, `it is in use by ${users.join(', ')}`)
      await deleteSecret(tx, org, name)
      return { result: null, audit: { action: 'secret.delete', object: `secrets/${name}` } }
    })
    return reply.code(204).send(null)
  })
}

/** Which configurations refer to a secret, in their draft or live version. */
async function usersOfSecrets(db: Db, org: string): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>()
  for (const row of await listConfigurations(db, org, '', CONFIGURATIONS_MAX)) {
    const names = new Set([row.draft, (await liveVersion(db, row))?.content ?? ''].flatMap(referencedSecrets))
    for (const name of names) users.set(name, [...(users.get(name) ?? []), `configuration ${row.name}`])
  }
  return users
}

function infoOf(
  row: { name: string; updated_at: number; updated_by: string },
  users: ReadonlyMap<string, string[]>,
): z.infer<typeof Info> {
  const { name, updated_at, updated_by } = row
  return { name, updated_at, updated_by, used_by: users.get(name) ?? [] }
}
