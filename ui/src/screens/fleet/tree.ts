/** A tree of health as the rows that are in sight, and where a key leads in it. */
import type { HealthTree } from '#contract/fleet.ts'

export interface TreeRow {
  /** Names from the root, each behind a line end, which no name has. */
  path: string
  name: string
  health: HealthTree
  level: number
  /** Among its siblings, from 1. */
  position: number
  siblings: number
  hasParts: boolean
  isOpen: boolean
}

/** Sick parts first, so that they are in sight. `closed`: paths of rows whose parts are not shown. */
export function rowsOf(name: string, tree: HealthTree, closed: ReadonlySet<string>): TreeRow[] {
  return below(name, tree, closed, { parent: '', level: 1, position: 1, siblings: 1 })
}

/** The index to go to; the same where the key leads nowhere. */
export function moved(rows: readonly TreeRow[], at: number, key: string): number {
  const row = rows[at]
  if (row === undefined) return 0
  if (key === 'ArrowDown') return Math.min(rows.length - 1, at + 1)
  if (key === 'ArrowUp') return Math.max(0, at - 1)
  if (key === 'Home') return 0
  if (key === 'End') return rows.length - 1
  if (key === 'ArrowRight' && row.hasParts && row.isOpen) return at + 1
  if (key === 'ArrowLeft')
    return Math.max(
      0,
      rows.findLastIndex((one, i) => i < at && one.level < row.level),
    )
  if (key.length !== 1) return at
  const fits = (one: TreeRow) => one.name.toLowerCase().startsWith(key.toLowerCase())
  const next = rows.findIndex((one, i) => i > at && fits(one))
  const first = rows.findIndex(fits)
  return next >= 0 ? next : first >= 0 ? first : at
}

function below(
  name: string,
  health: HealthTree,
  closed: ReadonlySet<string>,
  { parent, level, position, siblings }: { parent: string; level: number; position: number; siblings: number },
): TreeRow[] {
  const path = `${parent}\n${name}`
  const parts = Object.entries(health.components).sort(([, a], [, b]) => Number(a.healthy) - Number(b.healthy))
  const isOpen = !closed.has(path)
  const row: TreeRow = { path, name, health, level, position, siblings, hasParts: parts.length > 0, isOpen }
  if (!isOpen) return [row]
  const inside = parts.flatMap(([child, tree], index) =>
    below(child, tree, closed, { parent: path, level: level + 1, position: index + 1, siblings: parts.length }),
  )
  return [row, ...inside]
}
