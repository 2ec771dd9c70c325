/** What two documents differ in, by their parts: what a reader of a change wants to know, not which lines moved. */
import type { DiffEntry } from '#contract/configuration.ts'
import { masked } from './masking.ts'

type Part = { id: string } & Record<string, unknown>
type Tree = Record<string, unknown>

/** Parts of parts that are listed one by one. */
const NESTED = new Set(['processors'])

/** In the order of the documents; empty: they are the same. Values are masked, but a change of a masked value shows as one. */
export function diffDocuments(before: Tree, after: Tree): DiffEntry[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const [old, now] = [before[key], after[key]]
    if (isParts(old) && isParts(now)) return diffLists(key, old, now)
    return same(old, now) ? [] : [changed(key, [key], old, now)]
  })
}

function diffLists(path: string, before: readonly Part[], after: readonly Part[]): DiffEntry[] {
  const entries: DiffEntry[] = []
  const staying = before.filter(({ id }) => after.some((part) => part.id === id)).map(({ id }) => id)
  const order = after.filter(({ id }) => staying.includes(id)).map(({ id }) => id)
  for (const part of before) {
    if (!staying.includes(part.id)) entries.push({ op: 'remove', path: `${path}/${part.id}`, before: masked(part) })
  }
  after.forEach((part, position) => {
    const at = `${path}/${part.id}`
    const old = before.find(({ id }) => id === part.id)
    if (old === undefined) {
      entries.push({ op: 'add', path: at, position, after: masked(part) })
      return
    }
    if (staying.indexOf(part.id) !== order.indexOf(part.id)) {
      entries.push({ op: 'move', path: at, from: before.indexOf(old), position })
    }
    const names = Object.keys({ ...old, ...part }).filter((name) => !NESTED.has(name) && !same(old[name], part[name]))
    if (names.length > 0) entries.push(changed(at, names, pick(old, names), pick(part, names)))
    for (const name of NESTED) {
      if (isParts(old[name]) && isParts(part[name])) entries.push(...diffLists(`${at}/${name}`, old[name], part[name]))
    }
  })
  return entries
}

function changed(path: string, fields: string[], before: unknown, after: unknown): DiffEntry {
  return { op: 'change', path, fields, before: masked(before), after: masked(after) }
}

function pick(part: Part, names: readonly string[]): Tree {
  return Object.fromEntries(names.filter((name) => name in part).map((name) => [name, part[name]]))
}

function isParts(value: unknown): value is Part[] {
  return Array.isArray(value) && value.every((part) => typeof (Object(part) as Part).id === 'string')
}

/** Equal whatever the order of keys. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
