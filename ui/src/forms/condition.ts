/** A condition (`when`) as the builder shows it, there and back without loss. Pure. */

export const tests = ['equals', 'contains', 'regex', 'exists'] as const
export type Test = (typeof tests)[number]

export type Node = TestNode | GroupNode

export interface TestNode {
  kind: 'test'
  negated: boolean
  field: string
  test: Test
  value: string | number | boolean
}

export interface GroupNode {
  kind: 'group'
  negated: boolean
  how: 'all' | 'any'
  parts: readonly Node[]
}

const DEPTH_MAX = 16
const SHOWN_MAX = 60

/** Undefined: it is not as the builder can show it, such as a `not` of a `not`. */
export function nodeOf(condition: unknown, depth = 0): Node | undefined {
  if (!isObject(condition) || depth > DEPTH_MAX) return undefined
  const keys = Object.keys(condition)
  if (keys.length === 1 && keys[0] === 'not') {
    const node = nodeOf(condition['not'], depth + 1)
    return node === undefined || node.negated ? undefined : { ...node, negated: true }
  }
  const [how] = keys
  if (keys.length === 1 && (how === 'all' || how === 'any')) {
    const list = condition[how]
    if (!Array.isArray(list)) return undefined
    const parts = list.map((part) => nodeOf(part, depth + 1))
    return parts.every((part) => part !== undefined) ? { kind: 'group', negated: false, how, parts } : undefined
  }
  return testOf(condition)
}

export function conditionOf(node: Node): Record<string, unknown> {
  const plain =
    node.kind === 'test'
      ? { field: node.field, [node.test]: node.value }
      : node.how === 'all'
        ? { all: node.parts.map(conditionOf) }
        : { any: node.parts.map(conditionOf) }
  return node.negated ? { not: plain } : plain
}

export const emptyTest: TestNode = { kind: 'test', negated: false, field: '', test: 'equals', value: '' }

/** Another test asks for another kind of value: what can be kept of the old one is. */
export function withTest(node: TestNode, test: Test): TestNode {
  if (test === 'exists') return { ...node, test, value: true }
  const text = node.test === 'exists' ? '' : node.value
  return { ...node, test, value: test === 'equals' ? text : String(text) }
}

/** What stands between the operators, in the order of reading: `level is "DEBUG" and service has "pay" in it`. */
export function conditionWords(condition: unknown): string {
  const node = nodeOf(condition)
  return node === undefined ? JSON.stringify(condition) : nodeWords(node, false)
}

function nodeWords(node: Node, nested: boolean): string {
  if (node.kind === 'test') return testWords(node)
  const words = node.parts.map((part) => nodeWords(part, true)).join(node.how === 'all' ? ' and ' : ' or ')
  if (node.negated) return `not (${words})`
  return nested && node.parts.length > 1 ? `(${words})` : words
}

function testWords({ negated, field, test, value }: TestNode): string {
  const short = String(value).length > SHOWN_MAX ? `${String(value).slice(0, SHOWN_MAX)}…` : String(value)
  const quoted = typeof value === 'string' ? `“${short}”` : short
  switch (test) {
    case 'equals':
      return `${field} is ${negated ? 'not ' : ''}${quoted}`
    case 'contains':
      return `${field} ${negated ? 'does not contain' : 'contains'} ${quoted}`
    case 'regex':
      return `${field} ${negated ? 'does not match' : 'matches'} /${short}/`
    case 'exists':
      return `${field} is ${(value === true) === negated ? 'not ' : ''}there`
  }
}

function testOf(condition: Record<string, unknown>): TestNode | undefined {
  const { field, ...rest } = condition
  const [entry, ...others] = Object.entries(rest)
  if (typeof field !== 'string' || entry === undefined || others.length > 0) return undefined
  const [name, value] = entry
  const test = tests.find((one) => one === name)
  if (test === undefined || !isValueOf(test, value)) return undefined
  return { kind: 'test', negated: false, field, test, value }
}

function isValueOf(test: Test, value: unknown): value is string | number | boolean {
  if (test === 'exists') return typeof value === 'boolean'
  return typeof value === 'string' || (test === 'equals' && (typeof value === 'number' || typeof value === 'boolean'))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
