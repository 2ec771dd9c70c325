/** What can be done with a node of the graph, by keys and by buttons. */
import { ArrowDown, ArrowUp, Trash2, Unlink } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { IconButton } from '#ui/kit/button.tsx'
import { attachedTo } from './document.ts'
import type { GraphNode } from './graph-model.ts'
import type { PipelineWork } from './use-pipeline.ts'

/** What the keys do to the chosen node, for a pointer. */
export function NodeButtons({ node: { kind, name }, work }: { node: GraphNode; work: PipelineWork }) {
  const { pipeline, effective, move, remove, detachFrom } = work
  if (kind === 'pipeline') return null
  if (kind !== 'rule') {
    const list = kind === 'source' ? 'sources' : 'outputs'
    const attached = attachedTo(pipeline, effective)
    const isLast = attached[list].length === 1 && pipeline[list].length === 0
    return (
      <IconButton
        icon={Unlink}
        label={`Detach ${name}`}
        disabled={isLast}
        onClick={() => detachFrom(list, name, attached[list])}
      />
    )
  }
  return (
    <>
      <IconButton icon={ArrowUp} label={`Move ${name} one place earlier`} onClick={() => move(name, -1)} />
      <IconButton icon={ArrowDown} label={`Move ${name} one place later`} onClick={() => move(name, 1)} />
      <IconButton icon={Trash2} label={`Delete ${name}`} onClick={() => remove(name)} />
    </>
  )
}

/** Whether the key does something at this node. */
export function runKey(event: KeyboardEvent, node: GraphNode, work: PipelineWork): boolean {
  const { canEdit, pipeline, open, move, remove } = work
  const place = pipeline.processors.findIndex(({ id }) => node.kind === 'rule' && id === node.name)
  if (!event.altKey && (event.key === 'Enter' || event.key === ' ')) open(node.id)
  else if (!canEdit) return false
  else if (!event.altKey && event.key === 'n')
    open(`new:${node.kind === 'output' ? pipeline.processors.length : place + 1}`)
  else if (place === -1) return false
  else if (event.altKey && event.key === 'ArrowUp') move(node.name, -1)
  else if (event.altKey && event.key === 'ArrowDown') move(node.name, 1)
  else if (event.key === 'Delete') remove(node.name)
  else return false
  return true
}

export function focusNode(frame: HTMLElement | null, node: GraphNode | undefined): void {
  if (node !== undefined) frame?.querySelector<HTMLElement>(`[data-id="${CSS.escape(node.id)}"]`)?.focus()
}
