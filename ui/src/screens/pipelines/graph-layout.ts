/**
 * Where the nodes of a graph stand. From left to right it reads like a text: as many as fit stand in a row, the next row begins at
 * the left again. From top to bottom, layers by dagre.
 */
import { graphlib, layout } from '@dagrejs/dagre'
import type { Graph } from './graph-model.ts'

export const NODE_WIDTH = 168
export const NODE_HEIGHT = 76
/** Between two columns stand the figures of an edge and its button. */
const COLUMN_GAP = 72
const ROW_GAP = 96
const STACK_GAP = 28

export type Direction = 'LR' | 'TB'

export interface Place {
  x: number
  y: number
}

export interface Places {
  /** Upper left corners, by id of the node. */
  nodes: ReadonlyMap<string, Place>
  /** Where ways to the next row run back to the left, by the row's first nodes. */
  turns: ReadonlyMap<string, number>
}

/** What of a graph says where things stand; figures are none of it. */
export interface Shape {
  nodes: string[]
  edges: { from: string; to: string }[]
}

export function shapeOf({ nodes, edges }: Graph): string {
  const shape: Shape = { nodes: nodes.map(({ id }) => id), edges: edges.map(({ from, to }) => ({ from, to })) }
  return JSON.stringify(shape)
}

export function placesOf(shape: Shape, direction: Direction, columns: number): Places {
  return direction === 'LR' ? inRows(shape, columns) : { nodes: inLayers(shape), turns: new Map() }
}

/** How many nodes stand side by side in so many pixels. */
export function columnsIn(width: number): number {
  return Math.max(1, Math.floor((width + COLUMN_GAP) / (NODE_WIDTH + COLUMN_GAP)))
}

export function heightOf({ nodes }: Places): number {
  return Math.max(0, ...[...nodes.values()].map(({ y }) => y)) + NODE_HEIGHT
}

/** With fewer columns, rows say less than layers do. */
const COLUMNS_MIN = 3

export function directionFor(columns: number): Direction {
  return columns >= COLUMNS_MIN ? 'LR' : 'TB'
}

/** Sources stand in one cell, and so do outputs; each other node has its own. */
function inRows({ nodes }: Shape, columns: number): Places {
  const those = (prefix: string) => nodes.filter((id) => id.startsWith(prefix))
  const between = nodes.filter((id) => !id.startsWith('source:') && !id.startsWith('output:'))
  const cells = [those('source:'), ...between.map((id) => [id]), those('output:')].filter((ids) => ids.length > 0)
  const places = new Map<string, Place>()
  const turns = new Map<string, number>()
  let top = 0
  for (let first = 0; first < cells.length; first += columns) {
    const row = cells.slice(first, first + columns)
    const height = Math.max(...row.map(stackHeight))
    row.forEach((ids, column) => {
      const above = top + (height - stackHeight(ids)) / 2
      ids.forEach((id, place) => {
        places.set(id, { x: column * (NODE_WIDTH + COLUMN_GAP), y: above + place * (NODE_HEIGHT + STACK_GAP) })
        if (first > 0 && column === 0) turns.set(id, top - ROW_GAP / 2)
      })
    })
    top += height + ROW_GAP
  }
  return { nodes: places, turns }
}

function stackHeight(ids: readonly string[]): number {
  return ids.length * (NODE_HEIGHT + STACK_GAP) - STACK_GAP
}

function inLayers({ nodes, edges }: Shape): Map<string, Place> {
  const graph = new graphlib.Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: STACK_GAP, ranksep: COLUMN_GAP })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const id of nodes) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT })
  for (const { from, to } of edges) graph.setEdge(from, to)
  layout(graph)
  const places = new Map(
    nodes.map((id) => {
      const { x, y } = graph.node(id) as Place
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }]
    }),
  )
  // Those of one layer hang on the same node, so that they may stand in the order of the lists.
  for (const kind of ['source:', 'output:']) {
    const ids = nodes.filter((id) => id.startsWith(kind))
    const free = ids.map((id) => places.get(id)!).sort((a, b) => a.x - b.x || a.y - b.y)
    ids.forEach((id, place) => {
      places.set(id, free[place]!)
    })
  }
  return places
}
