/** What all routes that change something have in common: one transaction with its audit entry, preconditions, dry runs. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type AuditNote, writeAudit } from '../access/audit.ts'
import type { ControlContext } from '../context.ts'
import type { Tx } from '../store/database.ts'
import { Problem } from './problem.ts'

/** In the query of every write. Strict: a `dry-run` that is misspelt must not become a change. */
export const writeQuery = z.strictObject({
  dry_run: z.stringbool().default(false).describe('Does everything but keep it: the answer is what would be.'),
})

/** What a change did, and what the audit log says of it. Null: nothing has changed, so there is nothing to say. */
export interface Change<Result> {
  result: Result
  audit: AuditNote | null
}

class DryRun extends Error {}

/** Runs a change in a transaction and writes the audit log in the same. With `?dry_run=true` nothing is kept. */
export async function change<Result>(
  { db, clock }: ControlContext,
  request: FastifyRequest,
  work: (tx: Tx) => Promise<Change<Result>>,
): Promise<Result> {
  const isDry = (request.query as { dry_run?: boolean } | undefined)?.dry_run === true
  let result: { value: Result } | undefined
  try {
    await db.transaction().execute(async (tx) => {
      const done = await work(tx)
      result = { value: done.result }
      if (isDry) throw new DryRun()
      if (done.audit !== null) await writeAudit(tx, request.principal, clock.wall(), done.audit)
    })
  } catch (error) {
    if (!(error instanceof DryRun)) throw error
  }
  return result!.value
}

/** A strong entity tag (RFC 9110, section 8.8.3) of what stands for the entity. */
export function etagOf(representation: string): string {
  return `"${createHash('sha256').update(representation).digest('base64url').slice(0, 27)}"`
}

/**
 * Answers 428 when the request does not say which state it wants to change, and 412 when that is not the state any more;
 * the `etag` header of the answer says which one is.
 */
export function requireMatch(request: FastifyRequest, reply: FastifyReply, current: string): void {
  const asked = request.headers['if-match']
  if (asked === undefined)
    throw new Problem(428, 'say in If-Match which state you change: the ETag that the last GET answered')
  const tags = asked.split(',').map((tag) => tag.trim())
  if (tags.includes('*') || tags.includes(current)) return
  void reply.header('etag', current)
  throw new Problem(412, 'somebody has changed it in the meantime; read it again')
}
