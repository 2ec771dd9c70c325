/** Where the nodes of a graph stand: layers by dagre, from left to right where there is room, else from top to bottom. */
import { graphlib, layout } from '@dagrejs/dagre'
import type { Graph } from './graph-model.ts'

export const NODE_WIDTH = 196
export const NODE_HEIGHT = 76

export type Direction = 'LR' | 'TB'

export interface Place {
  x: number
  y: number
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

/** Upper left corners, by id of the node. */
export function placesOf({ nodes, edges }: Shape, direction: Direction): Map<string, Place> {
  const graph = new graphlib.Graph()
  // Between two layers stand the figures of an edge and its button.
  graph.setGraph({ rankdir: direction, nodesep: 28, ranksep: direction === 'LR' ? 112 : 72, marginx: 16, marginy: 16 })
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

/** In pixels, with room around. */
export function heightOf(places: ReadonlyMap<string, Place>): number {
  return Math.max(0, ...[...places.values()].map(({ y }) => y)) + NODE_HEIGHT + 96
}

/** Longer than this it reads better from top to bottom than in small letters. */
const LAYERS_IN_A_ROW_MAX = 5

export function directionFor({ nodes }: Graph, width: number): Direction {
  const rules = nodes.filter(({ kind }) => kind === 'rule').length
  const layers = rules + 3
  return layers <= LAYERS_IN_A_ROW_MAX && width >= 900 ? 'LR' : 'TB'
}
