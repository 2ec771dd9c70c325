/** What the routes of access have in common. */
import type { FastifyReply } from 'fastify'
import type { Access } from '../access/authenticator.ts'
import { type Passwords, passwordComplaint, TooBusy } from '../access/passwords.ts'
import type { ControlContext } from '../context.ts'
import { Problem } from './problem.ts'

export type AccessContext = ControlContext & { access: Access }

/** Hashes, or compares hashes; 503 where too many others wait for that. */
export async function hashing<Result>(reply: FastifyReply, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TooBusy)) throw error
    void reply.header('retry-after', 1)
    throw new Problem(503, 'too many logins at this moment')
  }
}

/** Of a password that passes the policy; 422 for one that does not. */
export async function hashOfNew(
  reply: FastifyReply,
  passwords: Passwords,
  password: string,
  email: string,
  pointer: string,
): Promise<string> {
  const complaint = passwordComplaint(password, email)
  if (complaint !== undefined) throw new Problem(422, `the password ${complaint}`, [{ pointer, detail: complaint }])
  return await hashing(reply, () => passwords.hash(password))
}

export function tooManyAttempts(reply: FastifyReply, lockedMs: number): Problem {
  const seconds = Math.ceil(lockedMs / 1000)
  void reply.header('retry-after', seconds)
  return new Problem(429, `too many attempts; try again in ${seconds} s`)
}
