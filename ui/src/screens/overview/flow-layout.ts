/** Places the nodes and links of a flow in three columns: sources, pipelines, where it ended. Heights are amounts. */
import type { FlowLink, LinkKind } from '#ui/screens/overview/flow-links.ts'

export interface PlacedNode {
  id: string
  name: string
  column: 0 | 1 | 2
  kind: LinkKind | 'pipeline'
  /** Its height: the more of what came in and what went out. */
  value: number
  /** What is written beside it. Of a pipeline: what came in, since each output gets all that it forwards. */
  amount: number
  x: number
  y: number
  height: number
}

export interface PlacedLink extends FlowLink {
  id: string
  width: number
  /** From the right edge of a node to the left edge of the next. */
  path: string
}

export interface FlowLayout {
  nodes: PlacedNode[]
  links: PlacedLink[]
  height: number
}

export const NODE_WIDTH = 10
/** Two lines of text beside each node. */
const GAP = 30
const HEIGHT_MIN = 180
const NODE_HEIGHT_MIN = 2

export function layoutOf(links: readonly FlowLink[], width: number): FlowLayout {
  const nodes = nodesOf(links)
  const columns = [0, 1, 2].map((column) => nodes.filter((node) => node.column === column))
  const most = Math.max(...columns.map((column) => column.length))
  const height = Math.max(HEIGHT_MIN, most * (GAP + 24))
  const largest = Math.max(...columns.map((column) => column.reduce((sum, { value }) => sum + value, 0)), 1e-9)
  const scale = (height - most * GAP) / largest
  const between = (width - NODE_WIDTH) / 2
  for (const column of columns) {
    const size = ({ value }: PlacedNode) => Math.max(NODE_HEIGHT_MIN, value * scale)
    const total = column.reduce((sum, node) => sum + size(node) + GAP, 0)
    let y = (height - total) / 2 + GAP / 2
    for (const node of column) {
      node.height = size(node)
      node.x = node.column * between
      node.y = y
      y += node.height + GAP
    }
  }
  return { nodes, links: placed(links, nodes, scale), height }
}

function nodesOf(links: readonly FlowLink[]): PlacedNode[] {
  const found = new Map<string, PlacedNode & { left: number; right: number }>()
  const add = (side: 'left' | 'right', column: 0 | 1 | 2, kind: PlacedNode['kind'], name: string, value: number) => {
    const id = idOf(column, name)
    const node = found.get(id) ?? {
      id,
      name,
      column,
      kind,
      value: 0,
      amount: 0,
      x: 0,
      y: 0,
      height: 0,
      left: 0,
      right: 0,
    }
    node[side] += value
    node.value = Math.max(node.left, node.right)
    node.amount = column === 0 ? node.right : node.left
    found.set(id, node)
  }
  for (const { kind, from, to, value } of links) {
    const isFirst = kind === 'taken'
    add('right', isFirst ? 0 : 1, isFirst ? 'taken' : 'pipeline', from, value)
    add('left', isFirst ? 1 : 2, isFirst ? 'pipeline' : kind, to, value)
  }
  // What rules took off stands below the outputs, and what nobody wanted below that.
  const rank = { taken: 0, pipeline: 0, forwarded: 0, off: 1, lost: 2 }
  return [...found.values()].sort((a, b) => rank[a.kind] - rank[b.kind]).map(({ left: _, right: __, ...node }) => node)
}

function placed(links: readonly FlowLink[], nodes: readonly PlacedNode[], scale: number): PlacedLink[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const used = new Map<string, number>()
  const next = (side: string, node: PlacedNode, width: number) => {
    const key = `${side}${node.id}`
    const offset = used.get(key) ?? 0
    used.set(key, offset + width)
    return node.y + offset + width / 2
  }
  return links.map((link) => {
    const isFirst = link.kind === 'taken'
    const start = byId.get(idOf(isFirst ? 0 : 1, link.from))!
    const end = byId.get(idOf(isFirst ? 1 : 2, link.to))!
    const width = Math.max(1, link.value * scale)
    const [x1, y1] = [start.x + NODE_WIDTH, next('right', start, width)]
    const [x2, y2] = [end.x, next('left', end, width)]
    const middle = (x1 + x2) / 2
    const path = `M${[x1, y1].map(short)} C${[middle, y1, middle, y2, x2, y2].map(short)}`
    return { ...link, id: `${start.id}→${end.id}`, width, path }
  })
}

/** A pipeline may be called as an output is. */
function idOf(column: number, name: string): string {
  return `${column}/${name}`
}

function short(value: number): string {
  return value.toFixed(1)
}
