/** A node of the graph: what it is, what it does to the flow, and what is wrong with it. */
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { ArrowRightFromLine, ArrowRightToLine, Blocks, CircleAlert, Filter } from 'lucide-react'
import { cx } from '#ui/kit/cx.ts'
import { changeText } from './figures.ts'
import { type Direction, NODE_HEIGHT, NODE_WIDTH } from './graph-layout.ts'
import type { GraphNode, NodeKind } from './graph-model.ts'

export type FlowNode = Node<{ node: GraphNode; direction: Direction; isChanged: boolean }, 'part'>

const icons = { source: ArrowRightFromLine, pipeline: Blocks, rule: Filter, output: ArrowRightToLine } as const
const words: Record<NodeKind, string> = { source: 'Source', pipeline: 'Pipeline', rule: 'Rule', output: 'Output' }

export function PartNode({ data: { node, direction, isChanged }, selected }: NodeProps<FlowNode>) {
  const Icon = icons[node.kind]
  const isRow = direction === 'LR'
  return (
    <div
      className={cx(
        'flex flex-col justify-center gap-0.5 rounded-lg border bg-panel px-3 text-left shadow-sm',
        node.trouble !== undefined || node.missing ? 'border-bad' : selected ? 'border-accent' : 'border-edge',
        node.kind === 'pipeline' && 'bg-raised',
      )}
      style={{ width: NODE_WIDTH, height: NODE_HEIGHT }}
      title={noteOf(node)}
    >
      {node.kind !== 'source' && (
        <Handle
          type="target"
          position={isRow ? Position.Left : Position.Top}
          isConnectable={false}
          className="opacity-0"
        />
      )}
      <div className="flex items-center gap-1.5 text-xs text-muted">
        <Icon aria-hidden className="size-3.5 shrink-0" />
        <span className="truncate">{node.type}</span>
        {isChanged && <span className="rounded-full bg-info-soft px-1.5 text-info">draft</span>}
        {node.change !== null && <Change share={node.change} />}
      </div>
      <div className="truncate text-sm font-medium">{node.name}</div>
      <div className={cx('flex items-center gap-1 text-xs', node.trouble === undefined ? 'text-muted' : 'text-bad')}>
        {(node.trouble !== undefined || node.missing) && <CircleAlert aria-hidden className="size-3.5 shrink-0" />}
        <span className="truncate">{noteOf(node)}</span>
      </div>
      {node.kind !== 'output' && (
        <Handle
          type="source"
          position={isRow ? Position.Right : Position.Bottom}
          isConnectable={false}
          className="opacity-0"
        />
      )}
    </div>
  )
}

/** Read out in place of the node. */
export function nodeLabel(node: GraphNode): string {
  const change = node.change === null ? '' : `, ${changeText(node.change)} of the bytes`
  const note = noteOf(node)
  return `${words[node.kind]} ${node.name}, ${node.type}${change}${note === '' ? '' : `, ${note}`}`
}

function noteOf({ trouble, missing, fromFile, note, isRunning, kind }: GraphNode): string {
  if (trouble !== undefined) return trouble
  if (missing) return 'Neither in the draft nor at a gateway'
  const waits = !isRunning && kind !== 'source' && 'not running yet'
  return [note, waits, fromFile && 'from the gateway’s file'].filter((part) => part).join(' · ')
}

function Change({ share }: { share: number }) {
  return (
    <span
      className={cx('ml-auto shrink-0 font-medium', share < 0 ? 'text-ok' : share > 0 ? 'text-warn' : 'text-muted')}
    >
      {changeText(share)}
    </span>
  )
}
