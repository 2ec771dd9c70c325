/** The drawer beside graph and lists: what one node is, with the form that changes it. */
import { useState } from 'react'
import { ComponentEditor } from '#ui/forms/component-editor.tsx'
import { RuleEditor } from '#ui/forms/rule-editor.tsx'
import { AttachComponent } from './attach-component.tsx'
import { attachedTo, signalOf } from './document.ts'
import { componentOf, nodeParts } from './graph-model.ts'
import { OwnComponent } from './own-component.tsx'
import { PipelineSettings } from './pipeline-settings.tsx'
import { pipelineRoute } from './route.ts'
import type { PipelineWork } from './use-pipeline.ts'

export function Inspector({ work }: { work: PipelineWork }) {
  const { node } = pipelineRoute.useSearch()
  if (node === undefined) return null
  const [kind, id] = nodeParts(node)
  switch (kind) {
    case 'new':
    case 'rule':
      return <RuleDrawer kind={kind} id={id} work={work} />
    case 'source':
    case 'output':
      return <ComponentDrawer key={node} kind={kind} id={id} work={work} />
    case 'add':
      return id === 'source' || id === 'output' ? <AddDrawer key={node} kind={id} work={work} /> : null
    case 'pipeline':
      return <PipelineSettings work={work} onClose={() => work.open(undefined)} />
    default:
      return null
  }
}

function RuleDrawer({ kind, id, work }: { kind: 'new' | 'rule'; id: string; work: PipelineWork }) {
  const { configuration, pipeline, base, canEdit, open } = work
  const close = () => open(undefined)
  const rule = pipeline.processors.find((processor) => processor.id === id)
  if (base !== undefined || (kind === 'rule' && rule === undefined))
    return kind === 'rule' && rule !== undefined ? (
      <OwnComponent title={`Rule ${id}`} entry={rule} onClose={close} note="It stands in the gateway’s own file." />
    ) : null
  if (kind === 'new' && !canEdit) return null
  return (
    <RuleEditor
      configuration={configuration}
      pipeline={pipeline.id}
      {...(kind === 'rule' ? { rule: id } : { position: positionIn(id, pipeline.processors.length) })}
      open
      onClose={close}
      onSaved={close}
    />
  )
}

function ComponentDrawer({ kind, id, work }: { kind: 'source' | 'output'; id: string; work: PipelineWork }) {
  const { configuration, document, effective, pipeline, open } = work
  const close = () => open(undefined)
  const { component, fromFile } = componentOf(kind === 'source' ? 'sources' : 'outputs', id, document, effective)
  if (fromFile || component === undefined)
    return (
      <OwnComponent
        title={`${kind === 'source' ? 'Source' : 'Output'} ${id}`}
        entry={component}
        onClose={close}
        note={
          component === undefined
            ? `Neither the draft nor a gateway that has reported has ${kind === 'source' ? 'a source' : 'an output'} of this name.`
            : 'It stands in the gateway’s own file. To change it, change the file, or add one of the same name to the draft: it takes its place.'
        }
      />
    )
  return (
    <ComponentEditor
      configuration={configuration}
      kind={kind}
      part={id}
      signal={signalIn(pipeline)}
      open
      onClose={close}
      onSaved={close}
    />
  )
}

function AddDrawer({ kind, work }: { kind: 'source' | 'output'; work: PipelineWork }) {
  const { configuration, pipeline, effective, canEdit, open, attachTo } = work
  const [creating, setCreating] = useState(false)
  if (!canEdit) return null
  const list = kind === 'source' ? 'sources' : 'outputs'
  const attached = attachedTo(pipeline, effective)[list]
  const attach = (id: string) => {
    open(undefined)
    attachTo(list, id, attached)
  }
  if (!creating)
    return (
      <AttachComponent
        kind={kind}
        work={work}
        onClose={() => open(undefined)}
        onCreate={() => setCreating(true)}
        onAttach={attach}
      />
    )
  return (
    <ComponentEditor
      configuration={configuration}
      kind={kind}
      signal={signalIn(pipeline)}
      open
      onClose={() => open(undefined)}
      onSaved={({ id }) => attach(id)}
    />
  )
}

function positionIn(text: string, last: number): number {
  const position = Number(text)
  return Number.isInteger(position) && position >= 0 && position < last ? position : last
}

function signalIn(pipeline: PipelineWork['pipeline']): 'logs' | 'metrics' | 'traces' {
  return (['logs', 'metrics', 'traces'] as const).find((signal) => signal === signalOf(pipeline)) ?? 'logs'
}
