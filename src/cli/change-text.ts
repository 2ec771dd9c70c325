/** What differs between two documents, for people: a line for each part, with a sign that says what became of it. */
import type { DiffEntry } from '#contract/configuration.ts'
import { plain } from './api-error.ts'
import { paint } from './terminal.ts'

/** Longer values are cut. In characters. */
const VALUE_LENGTH_MAX = 100
const SIGNS = { add: '+', remove: '-', change: '~', move: '>' } as const
const COLOURS = { add: 'green', remove: 'red', change: 'yellow', move: 'cyan' } as const
const DONE = { add: 'added', remove: 'removed', change: 'changed', move: 'moved' } as const

/** Such as `1 added, 2 changed`; for nothing `no changes`. */
export function changeCounts(entries: readonly DiffEntry[]): string {
  const counts = (['add', 'change', 'move', 'remove'] as const).flatMap((op) => {
    const count = entries.filter((entry) => entry.op === op).length
    return count === 0 ? [] : [`${count} ${DONE[op]}`]
  })
  return counts.length === 0 ? 'no changes' : counts.join(', ')
}

/** Lines with their ends; empty for no entries. */
export function changeText(entries: readonly DiffEntry[], stream: NodeJS.WriteStream = process.stdout): string {
  return entries
    .flatMap((entry) => {
      const { op, path } = entry
      const head = `${SIGNS[op]} ${plain(path)}`
      return [paint(COLOURS[op], head, stream) + tailOf(entry), ...fieldLines(entry).map((line) => `    ${line}`)]
    })
    .map((line) => `${line}\n`)
    .join('')
}

/** What stands behind the path. Places count from one, as people do. */
function tailOf({ op, from, position, before, after }: DiffEntry): string {
  if (op === 'move') return `  from place ${(from ?? 0) + 1} to ${(position ?? 0) + 1}`
  if (op === 'change') return ''
  const { id: _, type, ...rest } = Object(op === 'add' ? after : before) as Record<string, unknown>
  const more = Object.keys(rest).length === 0 ? [] : [shown(rest)]
  return [typeof type === 'string' ? ` (${plain(type)})` : '', ...more].join(' ')
}

function fieldLines({ op, path, fields = [], before, after }: DiffEntry): string[] {
  if (op !== 'change') return []
  // What is no part of a list has its values as they are.
  if (!path.includes('/')) return differences(path, before, after)
  return fields.flatMap((field) => differences(field, Object(before)[field], Object(after)[field]))
}

/** One line for each value that differs. Secrets are masked on both sides: that they differ is all that can be said. */
function differences(name: string, before: unknown, after: unknown): string[] {
  const lines = compare(name, before, after)
  return lines.length > 0 ? lines : [`${plain(name)}: another secret`]
}

function compare(name: string, before: unknown, after: unknown): string[] {
  if (isTree(before) && isTree(after))
    return Object.keys({ ...before, ...after }).flatMap((key) => compare(`${name}.${key}`, before[key], after[key]))
  const [old, now] = [JSON.stringify(before), JSON.stringify(after)]
  if (old === now) return []
  if (before === undefined) return [`${plain(name)}: ${shown(after)} (new)`]
  if (after === undefined) return [`${plain(name)}: ${shown(before)} (gone)`]
  return [`${plain(name)}: ${shown(before)} → ${shown(after)}`]
}

function shown(value: unknown): string {
  const text = plain(JSON.stringify(value) ?? '')
  return text.length <= VALUE_LENGTH_MAX ? text : `${text.slice(0, VALUE_LENGTH_MAX - 1)}…`
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
