/** What can be said of a pattern without running it. */
import { type CharSet, has, isAsciiSet, onlyMember } from './charset.ts'
import { type Tree, walk } from './tree.ts'

export interface Facts {
  /** Means the same on bytes of UTF-8, taken as one character each, as on text: only ASCII characters can match. */
  byteSafe: boolean
  /** It has `^` or `$`. */
  anchored: boolean
  /** A look-around or a back-reference. */
  lookaround: boolean
  canBeEmpty: boolean
  /** ASCII text that every match contains, the longest one known; empty if there is none to be sure of. */
  literal: string
  /** Number of capturing groups, and the names that some of them have. */
  groups: number
  groupNames: readonly string[]
  /** For a pattern of fixed length without groups: for each position, the ASCII characters that fit there. */
  shape: readonly Uint8Array[] | undefined
}

export function factsOf(tree: Tree): Facts {
  const facts: Facts = {
    byteSafe: true,
    anchored: false,
    lookaround: false,
    canBeEmpty: matchesEmpty(tree),
    literal: literalOf(tree),
    groups: 0,
    groupNames: [],
    shape: shapeOf(tree),
  }
  const names = new Set<string>()
  walk(tree, (node) => {
    if (node.kind === 'set') facts.byteSafe &&= isAsciiSet(node.set)
    else if (node.kind === 'edge') facts.anchored = true
    else if (node.kind === 'look' || node.kind === 'back') facts.lookaround = true
    else if (node.kind === 'capture') {
      facts.groups++
      if (node.name !== null) names.add(node.name)
    }
  })
  facts.groupNames = [...names]
  return facts
}

function matchesEmpty(tree: Tree): boolean {
  switch (tree.kind) {
    case 'set':
      return false
    case 'seq':
      return tree.items.every(matchesEmpty)
    case 'alt':
      return tree.items.some(matchesEmpty)
    case 'capture':
      return matchesEmpty(tree.item)
    case 'repeat':
      return tree.min === 0 || matchesEmpty(tree.item)
    default:
      return true
  }
}

function literalOf(tree: Tree): string {
  let best = ''
  let run = ''
  const endRun = (): void => {
    if (run.length > best.length) best = run
    run = ''
  }
  const visit = (node: Tree): void => {
    switch (node.kind) {
      case 'set': {
        const unit = onlyMember(node.set)
        if (unit >= 0 && unit < 0x80) run += String.fromCharCode(unit)
        else endRun()
        return
      }
      case 'seq':
        node.items.forEach(visit)
        return
      case 'capture':
        visit(node.item)
        return
      case 'repeat':
        endRun()
        // The first round of a repeat is sure; what stands beside it depends on how many follow.
        if (node.min > 0) visit(node.item)
        endRun()
        return
      case 'edge':
      case 'word':
        return
      default:
        endRun()
    }
  }
  visit(tree)
  endRun()
  return best
}

/** Longer shapes gain nothing over the pattern itself. */
const SHAPE_LENGTH_MAX = 64

function shapeOf(tree: Tree): Uint8Array[] | undefined {
  const sets: CharSet[] = []
  if (!flatten(tree, sets) || sets.length === 0 || sets.length > SHAPE_LENGTH_MAX) return undefined
  return sets.map((set) => Uint8Array.from({ length: 256 }, (_, unit) => (has(set, unit) ? 1 : 0)))
}

/** The row of sets that the tree is, each of them once; false when it is more than that. */
function flatten(tree: Tree, into: CharSet[]): boolean {
  if (into.length > SHAPE_LENGTH_MAX) return false
  if (tree.kind === 'set') {
    into.push(tree.set)
    return isAsciiSet(tree.set)
  }
  if (tree.kind === 'seq') return tree.items.every((item) => flatten(item, into))
  if (tree.kind !== 'repeat' || tree.min !== tree.max || tree.max > SHAPE_LENGTH_MAX) return false
  for (let i = 0; i < tree.min; i++) if (!flatten(tree.item, into)) return false
  return true
}
