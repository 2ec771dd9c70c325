/** YAML as people edit it: from values and back, places of JSON Pointers in it, and comments that stay. */
import { type Document, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, stringify } from 'yaml'

export interface Span {
  from: number
  to: number
  /** From 1. */
  line: number
}

export interface TextProblem extends Span {
  message: string
  /** Where in the value; undefined: the text is no YAML. */
  pointer?: string
}

export interface ParsedText {
  /** Undefined when the text is no YAML. */
  value: unknown
  problems: TextProblem[]
  placeOf: (pointer: string) => Span
}

export function textOf(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

export function parseText(text: string): ParsedText {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const spanAt = (from: number, to: number): Span => ({
    from: Math.min(from, text.length),
    to: Math.min(Math.max(to, from), text.length),
    line: lines.linePos(from).line,
  })
  const problems = document.errors.map((error) => ({ ...spanAt(...error.pos), message: error.message }))
  const value = problems.length > 0 ? undefined : plainOf(document, problems, spanAt)
  return { value, problems, placeOf: (pointer) => spanAt(...rangeOf(document, pointer)) }
}

/** The text with `value` instead of what it says; comments stay at what stays. */
export function rewritten(text: string, value: unknown): string {
  const document = parseDocument(text)
  if (document.errors.length > 0) return textOf(value)
  document.contents = reconciled(document, document.contents, value) as typeof document.contents
  return document.toString({ lineWidth: 0 })
}

function partsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function plainOf(
  document: Document.Parsed,
  problems: TextProblem[],
  spanAt: (from: number, to: number) => Span,
): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    problems.push({ ...spanAt(0, 0), message: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}

/** Of the part, or of the nearest one around it that is there: of a key where it is the key that is wrong. */
function rangeOf(document: Document.Parsed, pointer: string): [number, number] {
  let node: unknown = document.contents
  let range: [number, number] = [0, 0]
  for (const part of partsOf(pointer)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === part)
      if (pair === undefined) break
      if (isNode(pair.key) && pair.key.range) range = [pair.key.range[0], pair.key.range[1]]
      node = pair.value
      if (isScalar(node) && node.range && node.range[1] > node.range[0]) range = [node.range[0], node.range[1]]
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(part)]
      if (!isNode(item)) break
      node = item
      const first = isMap(item) ? item.items[0]?.key : item
      if (isNode(first) && first.range) range = [first.range[0], first.range[1]]
    } else break
  }
  return range
}

function reconciled(document: Document.Parsed, node: unknown, value: unknown): unknown {
  if (isMap(node) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const values = value as Record<string, unknown>
    node.items = node.items.filter((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) in values)
    for (const [key, item] of Object.entries(values)) {
      const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === key)
      if (pair === undefined) node.items.push(document.createPair(key, item) as never)
      else pair.value = reconciled(document, pair.value, item)
    }
    return node
  }
  if (isSeq(node) && Array.isArray(value)) {
    const before = [...node.items]
    node.items = value.map((item: unknown, place) => {
      const id = idOf(item)
      const same = id === undefined ? before[place] : before.find((old) => isMap(old) && old.get('id') === id)
      return reconciled(document, same, item)
    })
    return node
  }
  if (isScalar(node) && (typeof value !== 'object' || value === null)) {
    if (node.value !== value) {
      node.value = value
      delete node.source
    }
    return node
  }
  return document.createNode(value)
}

function idOf(value: unknown): string | undefined {
  const { id } = Object(value) as { id?: unknown }
  return typeof id === 'string' ? id : undefined
}
