/** Any two contents of a configuration beside each other; the URL says which. */
import { useQuery } from '@tanstack/react-query'
import { ArrowLeftRight, X } from 'lucide-react'
import { type Content, newestVersionsQuery } from '#ui/api/configuration-queries.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { Difference } from '#ui/screens/publish/difference.tsx'
import { contentIn, contentName, contentOptions } from '#ui/screens/versions/content-ref.ts'

export interface CompareProps {
  configuration: string
  from: Content
  to: Content
  /** Without sides: the comparison is closed. */
  onChange: (sides: { from?: Content; to?: Content }) => void
}

export function Compare({ configuration, from, to, onChange }: CompareProps) {
  const { data } = useQuery(newestVersionsQuery(configuration))
  const options = contentOptions(data?.items ?? [], [from, to])
  const chosen = (value: string) => contentIn({ value }, 'value')!
  const actions = (
    <Button look="quiet" icon={X} onClick={() => onChange({})}>
      Close
    </Button>
  )
  return (
    <Card title="Compare" actions={actions}>
      <div className="flex flex-col gap-4">
        <div className="flex flex-wrap items-end gap-2">
          <SelectField
            label="From"
            className="max-w-80 min-w-40 flex-1"
            value={String(from)}
            options={options}
            onChange={({ target }) => onChange({ from: chosen(target.value), to })}
          />
          <IconButton label="Swap the sides" icon={ArrowLeftRight} onClick={() => onChange({ from: to, to: from })} />
          <SelectField
            label="To"
            className="max-w-80 min-w-40 flex-1"
            value={String(to)}
            options={options}
            onChange={({ target }) => onChange({ from, to: chosen(target.value) })}
          />
        </div>
        <Difference
          configuration={configuration}
          from={from}
          to={to}
          fromName={contentName(from)}
          toName={contentName(to)}
          same={
            <p className="text-muted">
              No differences: {contentName(from)} and {contentName(to)} hold the same.
            </p>
          }
        />
      </div>
    </Card>
  )
}
