/** The draft holds what is live, or nothing at all. */
import { useQuery } from '@tanstack/react-query'
import type { Configuration } from '#contract/configuration.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Empty } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { versionQuery } from '#ui/screens/publish/queries.ts'

export function NothingToPublish({
  configuration: { name, live_version: live },
  onAnyway,
}: {
  configuration: Configuration
  onAnyway: () => void
}) {
  const canPublish = useCan('publish')
  if (live !== null) return <Same name={name} live={live} />
  const action = (
    <span className="flex flex-wrap justify-center gap-2">
      <ButtonLink to="/rules" look="primary">
        Add a rule
      </ButtonLink>
      {canPublish && <Button onClick={onAnyway}>Publish it as it is</Button>}
    </span>
  )
  return (
    <Card>
      <Empty title="Nothing to publish yet" action={action}>
        Nothing has been published, and nobody has put anything into the draft: gateways run what their own files say.
        Published as it is, it is a version to go back to.
      </Empty>
    </Card>
  )
}

function Same({ name, live }: { name: string; live: number }) {
  const { data: version } = useQuery(versionQuery(name, live))
  const action = (
    <span className="flex flex-wrap justify-center gap-2">
      <ButtonLink to="/rules">Change rules</ButtonLink>
      <ButtonLink to="/versions">Show the versions</ButtonLink>
    </span>
  )
  return (
    <Card>
      <Empty title="Nothing to publish" action={action}>
        The draft holds what version {live} holds, which is live.
        {version !== undefined && (
          <>
            {' '}
            Both have the hash <code className="font-mono text-ink">{version.sha256.slice(0, 12)}</code>. It was
            published by {version.author}, <Ago at={version.created_at} />.
          </>
        )}
      </Empty>
    </Card>
  )
}
