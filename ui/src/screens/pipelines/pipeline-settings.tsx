/** What a pipeline has beside its sources, rules and outputs: its signal, batches, when it fails open, what it keeps. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ComponentCatalog } from '#contract/component.ts'
import type { Part } from '#ui/api/draft.ts'
import { componentsQuery, useCan } from '#ui/api/queries.ts'
import { FormContext, useFaults } from '#ui/forms/form-context.ts'
import { PartFrame } from '#ui/forms/part-frame.tsx'
import { usePartWork } from '#ui/forms/part-work.ts'
import { SchemaForm } from '#ui/forms/schema-form.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { OwnComponent } from './own-component.tsx'
import type { PipelineWork } from './use-pipeline.ts'

/** Drawn by the graph and the lists. */
const ELSEWHERE = ['id', 'sources', 'processors', 'outputs']

export function PipelineSettings({ work, onClose }: { work: PipelineWork; onClose: () => void }) {
  const { pipeline, base, configuration } = work
  const catalog = useQuery(componentsQuery)
  const title = `Pipeline ${pipeline.id}`
  if (base !== undefined)
    return <OwnComponent title={title} entry={base} onClose={onClose} note="It stands in the gateway’s own file." />
  if (catalog.data === undefined)
    return (
      <Dialog open place="side" onClose={onClose} title={title}>
        <QueryView query={catalog}>{() => null}</QueryView>
      </Dialog>
    )
  return (
    <SettingsForm
      title={title}
      id={pipeline.id}
      configuration={configuration}
      catalog={catalog.data}
      onClose={onClose}
    />
  )
}

function SettingsForm({
  title,
  id,
  configuration,
  catalog,
  onClose,
}: {
  title: string
  id: string
  configuration: string
  catalog: ComponentCatalog
  onClose: () => void
}) {
  const initial = useMemo((): Part => ({ id }), [id])
  const work = usePartWork(configuration, 'pipelines', { id, initial, key: id })
  const { faults, report } = useFaults()
  const disabled = !useCan('edit')
  const facts = useMemo(() => ({ problems: work.problems, disabled, report }), [work.problems, disabled, report])
  return (
    <PartFrame
      title={title}
      description="When batches go out, what counts as too slow, and whether dropped records are kept for a while."
      work={work}
      onClose={onClose}
      onSaved={onClose}
      part={work.part}
      faults={faults}
      noun="pipeline"
    >
      <FormContext value={facts}>
        {work.part !== undefined && (
          <SchemaForm
            schema={catalog.entries.pipeline}
            value={work.part}
            onChange={(next) => work.change(next as Part)}
            omit={ELSEWHERE}
          />
        )}
      </FormContext>
    </PartFrame>
  )
}
