/** The pipeline in words: what the graph shows and does, as lists that every reader can follow. */
import { ArrowDown, ArrowUp, CircleAlert, Link2, Pencil, Plus, Trash2, Unlink } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytesPerSecond, countPerSecond } from '#ui/kit/format.ts'
import { attachedTo } from './document.ts'
import type { ComponentList } from './edits.ts'
import { changeAt, changeText, type Flow } from './figures.ts'
import { type GraphNode, graphOf } from './graph-model.ts'
import type { PipelineWork } from './use-pipeline.ts'

export function ListView({ work }: { work: PipelineWork }) {
  const { pipeline, figures, canEdit, open } = work
  const { nodes } = graphOf(work)
  const live = figures.pipelines.get(pipeline.id)
  const rules = nodes.filter(({ kind }) => kind === 'rule')
  const add = canEdit && (
    <Button icon={Plus} onClick={() => open(`new:${rules.length}`)}>
      Add a rule
    </Button>
  )
  return (
    <div className="flex flex-col gap-4 text-sm">
      <Components list="sources" nodes={nodes.filter(({ kind }) => kind === 'source')} work={work} />
      <Card
        title="Rules"
        hint={live?.in ? `In order. ${flowText(live.in)} come in.` : 'They run in this order.'}
        actions={add}
        flush
      >
        {rules.length === 0 ? (
          <p className="px-4 pb-4 text-muted">No rules: records go to the outputs as they came.</p>
        ) : (
          <ol aria-label="Rules">
            {rules.map((node, place) => (
              <RuleRow key={node.id} node={node} place={place} count={rules.length} work={work} />
            ))}
          </ol>
        )}
      </Card>
      <Components list="outputs" nodes={nodes.filter(({ kind }) => kind === 'output')} work={work} />
    </div>
  )
}

function RuleRow({ node, place, count, work }: { node: GraphNode; place: number; count: number; work: PipelineWork }) {
  const { pipeline, figures, canEdit, open, move, remove } = work
  const live = figures.pipelines.get(pipeline.id)?.rules.find(({ id }) => id === node.name)
  const change = live === undefined ? null : changeAt(live)
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!canEdit || !event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    event.preventDefault()
    move(node.name, event.key === 'ArrowUp' ? -1 : 1)
  }
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-4 py-2" onKeyDown={onKeyDown}>
      <span className="w-6 shrink-0 text-right text-muted">{place + 1}</span>
      <Named node={node} onOpen={() => open(node.id)} />
      <span className="w-28 text-right text-sm">
        {live?.after ? (
          <>
            {bytesPerSecond(live.after.bytes)}
            <span className="block text-xs text-muted">{change === null ? 'go on' : changeText(change)}</span>
          </>
        ) : (
          <span className="text-xs text-muted">not running yet</span>
        )}
      </span>
      {canEdit && (
        <span className="flex shrink-0">
          <IconButton
            icon={ArrowUp}
            label={`Move ${node.name} up`}
            disabled={place === 0}
            onClick={() => move(node.name, -1)}
          />
          <IconButton
            icon={ArrowDown}
            label={`Move ${node.name} down`}
            disabled={place === count - 1}
            onClick={() => move(node.name, 1)}
          />
          <IconButton icon={Plus} label={`Add a rule after ${node.name}`} onClick={() => open(`new:${place + 1}`)} />
          <IconButton icon={Trash2} label={`Delete ${node.name}`} onClick={() => remove(node.name)} />
        </span>
      )}
    </li>
  )
}

function Components({ list, nodes, work }: { list: ComponentList; nodes: readonly GraphNode[]; work: PipelineWork }) {
  const { pipeline, effective, figures, canEdit, open, detachFrom } = work
  const attached = attachedTo(pipeline, effective)
  const isOwn = list === 'sources' ? attached.ownSources : attached.ownOutputs
  const title = list === 'sources' ? 'Sources' : 'Outputs'
  const noun = list === 'sources' ? 'source' : 'output'
  const hint =
    !isOwn && nodes.length > 0
      ? `Those of the gateway’s own file, as the pipeline names none.`
      : list === 'outputs'
        ? 'Each gets all records that the rules leave.'
        : undefined
  return (
    <Card
      title={title}
      {...(hint !== undefined && { hint })}
      actions={
        canEdit && (
          <Button icon={Link2} onClick={() => open(`add:${noun}`)}>
            Attach a{list === 'outputs' ? 'n' : ''} {noun}
          </Button>
        )
      }
      flush
    >
      {nodes.length === 0 ? (
        <p className="px-4 pb-4 text-muted">
          None{canEdit ? `: without ${list} it cannot run, unless the gateway’s own file has some for it.` : '.'}
        </p>
      ) : (
        <ul aria-label={title}>
          {nodes.map((node) => (
            <li key={node.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-4 py-2">
              <Named node={node} onOpen={() => open(node.id)} />
              <span className="text-right text-sm text-muted">{doingOf(node, list, figures, work)}</span>
              {canEdit && (
                <IconButton
                  icon={Unlink}
                  label={`Detach ${node.name}`}
                  // An empty list means those of the file, so that the last one cannot be detached from there.
                  disabled={!isOwn && nodes.length === 1}
                  onClick={() => detachFrom(list, node.name, attached[list])}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function doingOf(
  node: GraphNode,
  list: ComponentList,
  figures: PipelineWork['figures'],
  work: PipelineWork,
): ReactNode {
  if (list === 'sources') {
    const rate = work.sourceRates.get(node.name)
    return rate === undefined ? node.note : `${bytesPerSecond(rate)} come in`
  }
  const live = figures.outputs.get(node.name)
  return live?.delivered ? `${flowText(live.delivered)} delivered` : node.note
}

function Named({ node, onOpen }: { node: GraphNode; onOpen: () => void }) {
  return (
    <span className="flex min-w-40 flex-1 flex-col">
      <span className="flex min-w-0 flex-wrap items-center gap-x-2">
        <button
          type="button"
          onClick={onOpen}
          className="inline-flex min-h-6 min-w-0 items-center gap-1.5 rounded font-medium hover:underline"
        >
          <Pencil aria-hidden className="size-3.5 shrink-0 text-muted" />
          <span className="truncate">{node.name}</span>
        </button>
        <span className="text-xs text-muted">{node.type}</span>
        {node.fromFile && <Badge icon={null}>from the gateway’s file</Badge>}
        {node.missing && (
          <Badge tone="bad" icon={CircleAlert}>
            not found
          </Badge>
        )}
      </span>
      {node.kind === 'rule' && <span className="text-xs break-words text-muted">{node.note}</span>}
      {node.trouble !== undefined && <span className="text-xs break-words text-bad">{node.trouble}</span>}
    </span>
  )
}

function flowText({ records, bytes }: Flow): string {
  return `${countPerSecond(records)}, ${bytesPerSecond(bytes)}`
}
