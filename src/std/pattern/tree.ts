/**
 * What a pattern says, in few words: every character, class and escape is a set of UTF-16 code units. From this come
 * the facts that a search needs and the source that V8 compiles.
 */
import type { CharSet } from './charset.ts'

export type Tree =
  | { kind: 'set'; set: CharSet }
  | { kind: 'seq'; items: Tree[] }
  | { kind: 'alt'; items: Tree[] }
  | { kind: 'capture'; name: string | null; item: Tree }
  | { kind: 'repeat'; item: Tree; min: number; max: number; greedy: boolean }
  | { kind: 'edge'; at: 'start' | 'end' }
  | { kind: 'word'; negate: boolean }
  | { kind: 'look'; ahead: boolean; negate: boolean; item: Tree; raw: string }
  | { kind: 'back'; raw: string }

/** Calls `visit` for the tree and everything in it, outside in, left to right. */
export function walk(tree: Tree, visit: (node: Tree) => void): void {
  visit(tree)
  if ('items' in tree) for (const item of tree.items) walk(item, visit)
  else if ('item' in tree) walk(tree.item, visit)
}

/** Rebuilds the tree with `change` applied to every node, inside out. */
export function rewriteTree(tree: Tree, change: (node: Tree) => Tree): Tree {
  if ('items' in tree) return change({ ...tree, items: tree.items.map((item) => rewriteTree(item, change)) })
  if ('item' in tree) return change({ ...tree, item: rewriteTree(tree.item, change) })
  return change(tree)
}
