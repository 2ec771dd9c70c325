/** The pipeline as a graph. Every node can be reached and opened by keys; the list view says the same in words. */
import {
  Background,
  type FitViewOptions,
  type NodeChange,
  type NodePositionChange,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react'
import { ArrowDownUp, LayoutDashboard, Link2, Maximize, Minus, Plus } from 'lucide-react'
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { useTheme } from '#ui/kit/theme.ts'
import { changeOf } from './document.ts'
import { focusNode, NodeButtons, runKey } from './graph-actions.tsx'
import { type FlowEdge, FlowingEdge } from './graph-edge.tsx'
import {
  columnsIn,
  type Direction,
  directionFor,
  heightOf,
  type Place,
  placesOf,
  type Shape,
  shapeOf,
} from './graph-layout.ts'
import { type GraphNode, graphOf, nodeParts } from './graph-model.ts'
import { type FlowNode, nodeLabel, PartNode } from './graph-node.tsx'
import type { PipelineWork } from './use-pipeline.ts'
import '@xyflow/react/dist/base.css'

const nodeTypes = { part: PartNode }
const edgeTypes = { flow: FlowingEdge }
/** Above it stand the buttons. */
const PADDING = { top: 72, side: 24, bottom: 32 } as const
const fit: FitViewOptions = {
  padding: { top: `${PADDING.top}px`, x: `${PADDING.side}px`, bottom: `${PADDING.bottom}px` },
  maxZoom: 1,
  minZoom: 0.4,
}

const HEIGHT_MIN = 320
const HEIGHT_MAX = 2400

const words = {
  'node.a11yDescription.default':
    'Enter opens it. n adds a rule after it, Alt and an arrow up or down moves a rule, Delete deletes it.',
  'node.a11yDescription.keyboardDisabled': 'Enter opens it.',
} as const

export function GraphView({ work }: { work: PipelineWork }) {
  return (
    <ReactFlowProvider>
      <Canvas work={work} />
    </ReactFlowProvider>
  )
}

function Canvas({ work }: { work: PipelineWork }) {
  const { pipeline, document, effective, figures, problems, sourceRates, canEdit, open } = work
  const { isDark } = useTheme()
  const flow = useReactFlow()
  const frame = useRef<HTMLDivElement>(null)
  const [turned, setTurned] = useState(false)
  const [width, setWidth] = useState(1000)
  const [moved, setMoved] = useState<ReadonlyMap<string, Place>>(new Map())
  const [selected, setSelected] = useState<string>()
  const graph = useMemo(
    () => graphOf({ pipeline, document, effective, figures, problems, sourceRates }),
    [pipeline, document, effective, figures, problems, sourceRates],
  )
  const columns = columnsIn(width - 2 * PADDING.side)
  const natural = directionFor(columns)
  const direction: Direction = turned ? (natural === 'LR' ? 'TB' : 'LR') : natural
  const shape = shapeOf(graph)
  // Figures change every other second; places only when nodes come, go or change their order.
  const places = useMemo(() => placesOf(JSON.parse(shape) as Shape, direction, columns), [shape, direction, columns])

  // So high that nothing has to be made small: the page scrolls.
  const height = Math.min(HEIGHT_MAX, Math.max(HEIGHT_MIN, heightOf(places) + PADDING.top + PADDING.bottom))

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width))
    observer.observe(frame.current!)
    return () => observer.disconnect()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: other places or less room are why it is fitted anew
  useEffect(() => {
    setMoved(new Map())
    const timer = requestAnimationFrame(() => void flow.fitView(fit))
    return () => cancelAnimationFrame(timer)
  }, [places, width, flow])

  const nodes = graph.nodes.map(
    (node): FlowNode => ({
      id: node.id,
      type: 'part',
      position: moved.get(node.id) ?? places.nodes.get(node.id) ?? { x: 0, y: 0 },
      data: { node, direction, isChanged: isChanged(node, work) },
      selected: node.id === selected,
      ariaLabel: nodeLabel(node),
      connectable: false,
    }),
  )
  const edges = graph.edges.map(
    (edge): FlowEdge => ({
      id: edge.id,
      type: 'flow',
      source: edge.from,
      target: edge.to,
      ariaLabel: `From ${nameOf(edge.from)} to ${nameOf(edge.to)}`,
      focusable: false,
      data: {
        edge,
        after: nameOf(edge.from),
        // Outputs get the same each: it is said once.
        isTold: nodeParts(edge.to)[0] !== 'output' || isFirst(graph.edges, edge),
        turnY: moved.size === 0 ? places.turns.get(edge.to) : undefined,
        // One button is enough where several ways leave a node.
        onInsert:
          canEdit && edge.position !== undefined && isFirst(graph.edges, edge)
            ? (position: number) => open(`new:${position}`)
            : undefined,
      },
    }),
  )
  const onNodesChange = (changes: NodeChange<FlowNode>[]) => {
    const positions = changes.filter((change): change is NodePositionChange => change.type === 'position')
    if (positions.length > 0)
      setMoved(
        (before) =>
          new Map([...before, ...positions.flatMap(({ id, position }) => (position ? [[id, position] as const] : []))]),
      )
    for (const change of changes) {
      if (change.type === 'select')
        setSelected((now) => (change.selected ? change.id : now === change.id ? undefined : now))
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>('.react-flow__node')?.dataset['id']
    const node = graph.nodes.find((candidate) => candidate.id === id)
    if (node === undefined || event.ctrlKey || event.metaKey) return
    if (!runKey(event, node, work)) return
    // The node goes; the one before it takes the focus.
    if (event.key === 'Delete') focusNode(frame.current, graph.nodes[graph.nodes.indexOf(node) - 1])
    event.preventDefault()
    event.stopPropagation()
  }
  const chosen = graph.nodes.find(({ id }) => id === selected)
  return (
    <div
      ref={frame}
      className="overflow-hidden rounded-lg border border-line"
      style={{ height }}
      onKeyDownCapture={onKeyDown}
    >
      <ReactFlow
        aria-label={`Graph of the pipeline ${pipeline.id}`}
        style={{ background: 'var(--canvas)' }}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={onNodesChange}
        onNodeClick={(_event, { id }) => open(id)}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnScroll={false}
        preventScrolling={false}
        panOnScroll={false}
        minZoom={0.25}
        maxZoom={1.75}
        colorMode={isDark ? 'dark' : 'light'}
        ariaLabelConfig={words}
        fitView
        fitViewOptions={fit}
        proOptions={{ hideAttribution: true }}
      >
        <Background color="var(--line)" gap={20} />
        {canEdit && (
          <Panel position="top-left" className="flex flex-wrap gap-2">
            <Button icon={Link2} onClick={() => open('add:source')}>
              Attach a source
            </Button>
            <Button icon={Link2} onClick={() => open('add:output')}>
              Attach an output
            </Button>
          </Panel>
        )}
        <Panel position="top-right" className="flex gap-1 rounded-md border border-line bg-panel p-1">
          {canEdit && chosen !== undefined && <NodeButtons node={chosen} work={work} />}
          <IconButton icon={Plus} label="Zoom in" onClick={() => void flow.zoomIn()} />
          <IconButton icon={Minus} label="Zoom out" onClick={() => void flow.zoomOut()} />
          <IconButton icon={Maximize} label="Fit all of it" onClick={() => void flow.fitView(fit)} />
          <IconButton
            icon={LayoutDashboard}
            label="Lay out anew"
            onClick={() => {
              setMoved(new Map())
              requestAnimationFrame(() => void flow.fitView(fit))
            }}
          />
          <IconButton
            icon={ArrowDownUp}
            label={direction === 'LR' ? 'From top to bottom' : 'From left to right'}
            onClick={() => setTurned(!turned)}
          />
        </Panel>
      </ReactFlow>
    </div>
  )
}

function isChanged({ kind, name }: GraphNode, { pipeline, diff }: PipelineWork): boolean {
  if (kind === 'rule')
    return changeOf(diff, `pipelines/${pipeline.id}/processors`, name) !== 'none' || isNew(pipeline.id, diff)
  if (kind === 'pipeline') return isNew(name, diff)
  return changeOf(diff, kind === 'source' ? 'sources' : 'outputs', name) !== 'none'
}

function isNew(pipeline: string, diff: PipelineWork['diff']): boolean {
  return changeOf(diff, 'pipelines', pipeline) === 'added'
}

function isFirst(edges: readonly { from: string }[], edge: { from: string }): boolean {
  return edges.find(({ from }) => from === edge.from) === edge
}

function nameOf(node: string): string {
  return node.slice(node.indexOf(':') + 1)
}
