/** That there are changes which no gateway runs yet, how many, and what to do with them. */
import { useQuery } from '@tanstack/react-query'
import { GitCommitHorizontal, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { differencesQuery } from '#ui/api/configuration-queries.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import type { Draft } from './use-draft.ts'

export function DraftBanner({
  configuration,
  draft,
}: {
  configuration: string
  draft: Pick<Draft, 'canEdit' | 'reset'>
}) {
  const { data } = useQuery(differencesQuery(configuration))
  const configurations = useQuery(configurationsQuery)
  const [resetting, setResetting] = useState(false)
  const count = data?.entries.length ?? 0
  const own = configurations.data?.items.find(({ name }) => name === configuration)
  const isLive = own?.live_version != null
  // The draft that a configuration is born with is nobody's change.
  if (count === 0 || own?.has_changes === false) return null
  const changes = count === 1 ? '1 change' : `${count} changes`
  return (
    <section
      aria-label="Draft"
      className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 rounded-lg border border-line bg-info-soft px-4 py-2"
    >
      <p className="min-w-0 text-info">
        <strong className="font-semibold">{changes} not published.</strong>{' '}
        {isLive
          ? 'Gateways run the live version until then.'
          : 'Nothing has been published yet: gateways run their own files.'}
      </p>
      <div className="flex flex-wrap gap-2">
        {draft.canEdit && isLive && (
          <Button icon={RotateCcw} onClick={() => setResetting(true)}>
            Reset to live
          </Button>
        )}
        <ButtonLink look="primary" icon={GitCommitHorizontal} to="/publish">
          Review and publish
        </ButtonLink>
      </div>
      <Confirm
        open={resetting}
        onClose={() => setResetting(false)}
        title="Reset the draft to what is live?"
        action="Reset the draft"
        run={draft.reset}
      >
        <p>{changes} of the draft, by whomever they are, are thrown away. The message that follows can take it back.</p>
      </Confirm>
    </section>
  )
}
