/** What no request may have, whatever its schema says: texts that no database keeps, and bodies that are too deep to walk. */
import type { FastifyRequest } from 'fastify'
import { type Path, pointer } from '#config/problems.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Texts of the body may have U+0000: all of it is kept as JSON, in which that is escaped. */
    keptAsJson?: boolean
  }
}

export const BODY_LEVELS_MAX = 100

/** Throws a `Problem` with the place. Comes before whatever walks the body by calling itself. */
export async function requireReadable({ params, query, body, routeOptions }: FastifyRequest): Promise<void> {
  refuse(params, 'the path', false)
  refuse(query, 'the query', false)
  refuse(body, 'the body', routeOptions.config.keptAsJson === true)
}

function refuse(value: unknown, what: string, mayHaveNul: boolean): void {
  const left: { value: unknown; path: Path }[] = [{ value, path: [] }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, path } = next
    if (typeof value === 'string' && !mayHaveNul && value.includes('\0'))
      throw new Problem(422, `${what} has the character U+0000, which cannot be kept`, [
        { pointer: pointer(path), detail: 'must not have the character U+0000' },
      ])
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) continue
    if (path.length >= BODY_LEVELS_MAX)
      throw new Problem(422, `${what} has more than ${BODY_LEVELS_MAX} levels`, [
        { pointer: pointer(path), detail: 'is too deep' },
      ])
    for (const [key, part] of Object.entries(value)) {
      if (key.includes('\0') && !mayHaveNul)
        throw new Problem(422, `${what} has a key with the character U+0000, which cannot be kept`, [
          { pointer: pointer([...path, key]), detail: 'must not have the character U+0000' },
        ])
      if (typeof part === 'string' || typeof part === 'object') left.push({ value: part, path: [...path, key] })
    }
  }
}
