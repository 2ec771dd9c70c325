/**
 * What two texts differ in, line by line: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), over the lines
 * between the common beginning and the common end.
 */

/** Numbers count from 1; the side that does not have the line has none. */
export interface Line {
  kind: 'same' | 'added' | 'removed'
  text: string
  before?: number
  after?: number
}

/** Lines that stay in sight, or a run of unchanged ones that does not. `change`: which change it belongs to, from 0. */
export type Hunk =
  | { kind: 'fold'; lines: readonly Line[] }
  | { kind: 'context'; lines: readonly Line[] }
  | { kind: 'change'; lines: readonly Line[]; change: number }

/** One row of the split view. */
export interface Pair {
  left: Line | undefined
  right: Line | undefined
}

/** Beyond so many differences the middle is told as removed and added whole: nobody reads such a difference line by line. */
const EDITS_MAX = 1000
/** Unchanged lines that are shown around a change. */
const CONTEXT_LINES = 3
/** A shorter run is not worth hiding. */
const FOLD_LINES_MIN = 4

export function diffLines(before: string, after: string): Line[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let end = 0
  while (
    end < old.length - start &&
    end < now.length - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  )
    end++
  const [oldEnd, nowEnd] = [old.length - end, now.length - end]
  const lines: Line[] = []
  const same = (i: number, j: number) => lines.push({ kind: 'same', text: old[i]!, before: i + 1, after: j + 1 })
  for (let i = 0; i < start; i++) same(i, i)
  let [i, j] = [start, start]
  for (const [x, y] of [
    ...matches(old.slice(start, oldEnd), now.slice(start, nowEnd)),
    [oldEnd - start, nowEnd - start],
  ]) {
    for (; i < start + x!; i++) lines.push({ kind: 'removed', text: old[i]!, before: i + 1 })
    for (; j < start + y!; j++) lines.push({ kind: 'added', text: now[j]!, after: j + 1 })
    if (i < oldEnd && j < nowEnd) same(i++, j++)
  }
  for (; i < old.length; i++, j++) same(i, j)
  return lines
}

/** Changes with what stands around them; the rest is folded. */
export function hunksOf(lines: readonly Line[]): Hunk[] {
  const hunks: Hunk[] = []
  let change = 0
  for (let at = 0; at < lines.length; ) {
    const isSame = lines[at]!.kind === 'same'
    let to = at
    while (to < lines.length && (lines[to]!.kind === 'same') === isSame) to++
    const run = lines.slice(at, to)
    if (!isSame) hunks.push({ kind: 'change', lines: run, change: change++ })
    else hunks.push(...folded(run, at > 0 ? CONTEXT_LINES : 0, to < lines.length ? CONTEXT_LINES : 0))
    at = to
  }
  return hunks
}

/** What was removed beside what was added in its place. */
export function pairsOf(lines: readonly Line[]): Pair[] {
  const removed = lines.filter(({ kind }) => kind === 'removed')
  const added = lines.filter(({ kind }) => kind === 'added')
  if (removed.length + added.length === 0) return lines.map((line) => ({ left: line, right: line }))
  return [...Array(Math.max(removed.length, added.length)).keys()].map((i) => ({ left: removed[i], right: added[i] }))
}

function folded(run: readonly Line[], head: number, tail: number): Hunk[] {
  if (run.length - head - tail < FOLD_LINES_MIN) return [{ kind: 'context', lines: run }]
  const parts: Hunk[] = [
    { kind: 'context', lines: run.slice(0, head) },
    { kind: 'fold', lines: run.slice(head, run.length - tail) },
    { kind: 'context', lines: run.slice(run.length - tail) },
  ]
  return parts.filter(({ lines }) => lines.length > 0)
}

function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Pairs of places that stay, in order. Empty when there are too many differences. */
function matches(old: readonly string[], now: readonly string[]): [number, number][] {
  const trace = editsOf(old, now)
  if (trace === undefined) return []
  const pairs: [number, number][] = []
  let [x, y] = [old.length, now.length]
  for (let d = trace.length - 1; d >= 0; d--) {
    const reach = trace[d]!
    const k = x - y
    const isDown = k === -d || (k !== d && at(reach, k - 1) < at(reach, k + 1))
    const previous = isDown ? k + 1 : k - 1
    const fromX = d === 0 ? 0 : at(reach, previous)
    const fromY = fromX - previous
    while (x > fromX && y > (d === 0 ? 0 : fromY)) pairs.push([--x, --y])
    if (d > 0) [x, y] = [fromX, fromY]
  }
  return pairs.reverse()
}

/** For each number of edits the places that were reached before it, by diagonal. */
function editsOf(old: readonly string[], now: readonly string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = []
  const reach = new Map<number, number>([[1, 0]])
  for (let d = 0; d <= Math.min(EDITS_MAX, old.length + now.length); d++) {
    trace.push(new Map(reach))
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && at(reach, k - 1) < at(reach, k + 1))
      let x = isDown ? at(reach, k + 1) : at(reach, k - 1) + 1
      while (x < old.length && x - k < now.length && old[x] === now[x - k]) x++
      reach.set(k, x)
      if (x >= old.length && x - k >= now.length) return trace
    }
  }
  return undefined
}

function at(reach: ReadonlyMap<number, number>, diagonal: number): number {
  return reach.get(diagonal) ?? 0
}
