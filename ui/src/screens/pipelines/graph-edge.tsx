/** A way between two nodes: as wide as its bytes, with its figures, and a button that puts a rule there. */
import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
  getSmoothStepPath,
  Position,
} from '@xyflow/react'
import { Plus } from 'lucide-react'
import { cx } from '#ui/kit/cx.ts'
import { bytesPerSecond, countPerSecond } from '#ui/kit/format.ts'
import type { GraphEdge } from './graph-model.ts'

export type FlowEdge = Edge<
  {
    edge: GraphEdge
    onInsert: ((position: number) => void) | undefined
    after: string
    isTold: boolean
    /** Where it runs back to the left, to the next row. */
    turnY: number | undefined
  },
  'flow'
>

export function FlowingEdge(props: EdgeProps<FlowEdge>) {
  const { sourcePosition } = props
  const { edge, onInsert, after, isTold, turnY } = props.data!
  const [path, x, y] =
    turnY === undefined ? getBezierPath(props) : getSmoothStepPath({ ...props, centerY: turnY, borderRadius: 12 })
  const { flow, position, width } = edge
  const text = flow === null || !isTold ? undefined : flowText(flow)
  return (
    <>
      <BaseEdge
        id={props.id}
        path={path}
        style={{
          strokeWidth: width,
          stroke: flow !== null && flow.bytes > 0 ? 'var(--delivered)' : 'var(--edge)',
          ...(flow === null && { strokeDasharray: '4 4' }),
        }}
      />
      {(text !== undefined || onInsert !== undefined) && (
        <EdgeLabelRenderer>
          <div
            className="nodrag nopan absolute grid place-items-center"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)`, pointerEvents: 'all' }}
          >
            {text !== undefined && (
              // Beside the line where it runs down, above it where it runs across: the line itself is a figure too.
              <span
                className={cx(
                  'pointer-events-none absolute rounded bg-canvas/85 px-1 text-[11px] leading-tight text-ink',
                  sourcePosition === Position.Bottom
                    ? 'top-1/2 left-full ml-1 -translate-y-1/2'
                    : 'bottom-full mb-1 text-center',
                )}
              >
                {text.map((line) => (
                  <span key={line} className="block whitespace-nowrap">
                    {line}
                  </span>
                ))}
              </span>
            )}
            {onInsert !== undefined && position !== undefined && (
              <button
                type="button"
                aria-label={`Add a rule after ${after}`}
                title="Add a rule here"
                onClick={() => onInsert(position)}
                className="grid size-6 place-items-center rounded-full border border-edge bg-panel text-ink hover:bg-raised"
              >
                <Plus aria-hidden className="size-3.5" />
              </button>
            )}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

/** Of sources only the bytes are known. */
function flowText({ records, bytes }: NonNullable<GraphEdge['flow']>): string[] {
  return Number.isNaN(records) ? [bytesPerSecond(bytes)] : [countPerSecond(records), bytesPerSecond(bytes)]
}
