/** Talks to a running node over its admin port. */
import { StreamgateError } from '#contract/error.ts'

const ADMIN_PORT_DEFAULT = '8083'

export const adminOption = {
  admin: {
    type: 'string',
    value: 'URL',
    about: 'Admin address of the node (http://127.0.0.1:8083). Environment: ADMIN_PORT.',
  },
} as const

export const jsonOption = { json: { type: 'boolean', about: 'JSON instead of a table.' } } as const

/** Throws `StreamgateError` with what the node says, or that nobody answers. */
export async function ask<Answer>(
  flags: Record<string, string | boolean | undefined>,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const base = String(flags['admin'] ?? `http://127.0.0.1:${process.env['ADMIN_PORT'] ?? ADMIN_PORT_DEFAULT}`)
  let response: Response
  try {
    response = await fetch(
      new URL(path, base),
      body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    )
  } catch (error) {
    const cause = (error as { cause?: Error }).cause?.message ?? (error as Error).message
    const remedy = 'is a node running? Its dead letters are in kept.db in its data directory (an SQLite file)'
    throw new StreamgateError('SG_USAGE', `no node answers at ${base}: ${cause}; ${remedy}`)
  }
  const answer = (await response.json().catch(() => ({}))) as { detail?: string }
  if (!response.ok) throw new StreamgateError('SG_USAGE', answer.detail ?? `the node answered ${response.status}`)
  return answer as Answer
}

/** Those of the flags that are given, as the query of a URL. */
export function queryOf(flags: Record<string, string | boolean | undefined>, names: readonly string[]): string {
  const query = new URLSearchParams()
  for (const name of names) if (flags[name] !== undefined) query.set(name, String(flags[name]))
  return query.toString()
}

/** Rows as aligned columns; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const line = (row: string[]) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return `${cells.map(line).join('\n')}\n`
}

/** `2026-01-31 08:15:30Z` */
export function timeText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** One line, and not a long one: control characters could do things to a terminal. */
export function lineOf(content: { text?: string | undefined; base64?: string | undefined }, width: number): string {
  const text = content.text?.replace(/\p{Cc}/gu, ' ') ?? `base64:${content.base64 ?? ''}`
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}
