/** What two contents of a configuration differ in: in words, and below that their text. */
import { useQuery } from '@tanstack/react-query'
import { stringify } from 'yaml'
import type { DiffEntry } from '#contract/configuration.ts'
import { type Content, differencesQuery } from '#ui/api/configuration-queries.ts'
import { DiffView } from '#ui/editor/diff-view.tsx'
import { ChangeList } from '#ui/editor/diff-view-changes.tsx'
import { changesSummary } from '#ui/editor/diff-view-words.ts'
import { QueryView } from '#ui/kit/states.tsx'
import { documentQuery } from '#ui/screens/publish/queries.ts'

export interface DifferenceProps {
  configuration: string
  from: Content
  to: Content
  fromName: string
  toName: string
  /** Instead of the differences, when there are none. */
  same: React.ReactNode
  /** Without the text: where there is little room. */
  brief?: boolean
}

export function Difference({ configuration, from, to, fromName, toName, same, brief = false }: DifferenceProps) {
  const query = useQuery(differencesQuery(configuration, from, to))
  return (
    <QueryView query={query} isEmpty={({ entries }) => entries.length === 0} empty={same}>
      {({ entries }) => (
        <div className="flex flex-col gap-4">
          <Changes entries={entries} linked={to === 'draft'} />
          {!brief && <Text {...{ configuration, from, to, fromName, toName }} />}
        </div>
      )}
    </QueryView>
  )
}

function Changes({ entries, linked }: { entries: readonly DiffEntry[]; linked: boolean }) {
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm font-medium">{changesSummary(entries)}</p>
      <ChangeList entries={entries} linked={linked} />
    </div>
  )
}

function Text({ configuration, from, to, fromName, toName }: Omit<DifferenceProps, 'same' | 'brief'>) {
  const before = useQuery(documentQuery(configuration, from))
  const after = useQuery(documentQuery(configuration, to))
  return (
    <QueryView query={before}>
      {(old) => (
        <QueryView query={after}>
          {(now) => <DiffView before={yamlOf(old)} after={yamlOf(now)} beforeName={fromName} afterName={toName} />}
        </QueryView>
      )}
    </QueryView>
  )
}

/** As `streamgate export` writes it, nearly: one line for a line of the difference. */
export function yamlOf(document: unknown): string {
  return stringify(document, { lineWidth: 0 })
}
