/** Differences of configurations in words: what a reader of a change wants to know, part by part. */
import type { DiffEntry } from '#contract/configuration.ts'

export interface ChangeWords {
  op: DiffEntry['op']
  /** Beside the colour: what stands before the words. */
  sign: '+' | '−' | '~' | '↕'
  /** `Rule`, `Pipeline`. */
  kind: string
  name: string
  /** `in pipeline default_pipeline`, or nothing. */
  where: string
  /** What happened: `added`, `moved 3 → 1`. */
  what: string
  details: readonly Detail[]
  /** Where to look at it. */
  target: Target
}

export interface Detail {
  /** `params.value` */
  field: string
  before?: string
  after?: string
  /** Both sides are masked: that they differ is all that is told. */
  isSecret: boolean
}

export interface Target {
  list: string
  id: string
  pipeline: string | undefined
}

const SIGNS = { add: '+', remove: '−', change: '~', move: '↕' } as const
const MASKED = '[redacted]'
const KINDS: Record<string, string> = {
  sources: 'Source',
  pipelines: 'Pipeline',
  outputs: 'Output',
  upstreams: 'Upstream',
  processors: 'Rule',
  files: 'Files',
}
/** Of a detail; longer values stand in the textual difference. */
const VALUE_CHARACTERS_MAX = 160

export function changeWords(entry: DiffEntry): ChangeWords {
  const target = targetOf(entry.path)
  const { list, id, pipeline } = target
  return {
    op: entry.op,
    sign: SIGNS[entry.op],
    kind: KINDS[list] ?? 'Setting',
    name: id,
    where: pipeline === undefined ? '' : `in pipeline ${pipeline}`,
    what: whatOf(entry),
    details: detailsOf(entry),
    target,
  }
}

/** `2 added, 1 changed` */
export function changesSummary(entries: readonly DiffEntry[]): string {
  const words = { add: 'added', remove: 'removed', change: 'changed', move: 'moved' } as const
  const parts = (['add', 'remove', 'change', 'move'] as const).flatMap((op) => {
    const count = entries.filter((entry) => entry.op === op).length
    return count === 0 ? [] : [`${count} ${words[op]}`]
  })
  return parts.length === 0 ? 'No differences' : parts.join(', ')
}

/** `pipelines/p/processors/r` → the rule r of the pipeline p. */
export function targetOf(path: string): Target {
  const [list = '', id = '', nested, inner = ''] = path.split('/')
  if (nested !== undefined) return { list: nested, id: inner, pipeline: id }
  return { list, id: id === '' && !(list in KINDS) ? list : id, pipeline: undefined }
}

function whatOf({ op, from, position }: DiffEntry): string {
  if (op === 'add') return 'added'
  if (op === 'remove') return 'removed'
  if (op === 'change') return 'changed'
  return `moved ${(from ?? 0) + 1} → ${(position ?? 0) + 1}`
}

function detailsOf({ op, before, after }: DiffEntry): Detail[] {
  if (op === 'move') return []
  const [old, now] = [leavesOf(before), leavesOf(after)]
  const fields = [...new Set([...old.keys(), ...now.keys()])].filter((field) => field !== 'id')
  return fields.flatMap((field) => {
    const [left, right] = [old.get(field), now.get(field)]
    const isSecret = op === 'change' && left === right && left?.includes(MASKED) === true
    if (left === right && !isSecret) return []
    // An empty list of a new part says nothing.
    if (op !== 'change' && ['[]', '{}'].includes(left ?? right ?? '')) return []
    return [
      {
        field,
        ...(left !== undefined && { before: shortened(left) }),
        ...(right !== undefined && { after: shortened(right) }),
        isSecret,
      },
    ]
  })
}

/** `{params: {value: 'x'}}` → `params.value: x`. Lists stay whole; lists of parts are told by their ids. */
function leavesOf(value: unknown, path = '', leaves = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return leaves
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    for (const [key, item] of Object.entries(value)) leavesOf(item, path === '' ? key : `${path}.${key}`, leaves)
    return leaves
  }
  return leaves.set(path, Array.isArray(value) ? listText(value) : leafText(value))
}

function listText(items: readonly unknown[]): string {
  const ids = items.map((item) => (Object(item) as { id?: unknown }).id)
  if (items.length > 0 && ids.every((id) => typeof id === 'string')) return ids.join(', ')
  const isPlain = items.length > 0 && items.every((item) => typeof item === 'string' && item !== '')
  return isPlain ? items.join(', ') : JSON.stringify(items)
}

function leafText(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
}

function shortened(text: string): string {
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX - 1)}…`
}
