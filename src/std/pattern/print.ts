import { printSet } from './charset.ts'
import { rewriteTree, type Tree, walk } from './tree.ts'

/** The pattern as JavaScript source, which means the same without the flags `i` and `s`. */
export function printTree(tree: Tree): string {
  switch (tree.kind) {
    case 'set':
      return printSet(tree.set)
    case 'seq':
      return tree.items.map((item) => (item.kind === 'alt' ? grouped(item) : printTree(item))).join('')
    case 'alt':
      return tree.items.map(printTree).join('|')
    case 'capture':
      return `(${tree.name === null ? '' : `?<${tree.name}>`}${printTree(tree.item)})`
    case 'repeat':
      return `${unit(tree.item)}${count(tree.min, tree.max)}${tree.greedy ? '' : '?'}`
    case 'edge':
      return tree.at === 'start' ? '^' : '$'
    case 'word':
      return tree.negate ? '\\B' : '\\b'
    case 'look':
      return `(?${tree.ahead ? '' : '<'}${tree.negate ? '!' : '='}${printTree(tree.item)})`
    case 'back':
      return `(?:${tree.raw})`
  }
}

function unit(tree: Tree): string {
  return tree.kind === 'set' || tree.kind === 'capture' ? printTree(tree) : grouped(tree)
}

function grouped(tree: Tree): string {
  return `(?:${printTree(tree)})`
}

function count(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}

/** Patterns that unroll to more parts than this are left as they are. */
const UNROLLED_PARTS_MAX = 4096

/**
 * Writes counted repeats out, `a{2,3}` as `aa(?:a)?`, because V8's linear engine takes only small counts. A repeat of a
 * variable number of captures stays as it is: copies would change the numbers of the groups.
 */
export function unrollRepeats(tree: Tree): Tree {
  let parts = 0
  const unrolled = rewriteTree(tree, (node) => {
    if (node.kind !== 'repeat' || (node.max <= 1 && node.min <= 1) || (node.min <= 1 && node.max === Infinity))
      return node
    const { item, min, max, greedy } = node
    const captures = holdsCapture(item)
    if (captures && (min !== max || min === 0)) return node
    parts += size(item) * (max === Infinity ? min + 1 : max)
    if (parts > UNROLLED_PARTS_MAX) return node
    const items: Tree[] = Array.from({ length: min }, (_, i) => (captures && i < min - 1 ? uncaptured(item) : item))
    if (max === Infinity) items.push({ kind: 'repeat', item, min: 0, max, greedy })
    let rest: Tree | null = null
    for (let i = min; i < max && max !== Infinity; i++) {
      rest = {
        kind: 'repeat',
        item: rest === null ? item : { kind: 'seq', items: [item, rest] },
        min: 0,
        max: 1,
        greedy,
      }
    }
    if (rest !== null) items.push(rest)
    return { kind: 'seq', items }
  })
  return parts > UNROLLED_PARTS_MAX ? tree : unrolled
}

function holdsCapture(tree: Tree): boolean {
  let found = false
  walk(tree, (node) => {
    if (node.kind === 'capture') found = true
  })
  return found
}

function size(tree: Tree): number {
  let nodes = 0
  walk(tree, () => nodes++)
  return nodes
}

/** Of a fixed number of rounds the captures of the last one count; the others need none. */
function uncaptured(tree: Tree): Tree {
  return rewriteTree(tree, (node) => (node.kind === 'capture' ? { kind: 'seq', items: [node.item] } : node))
}
