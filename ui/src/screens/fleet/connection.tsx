/** How a gateway talks to the controller, and what lets it in. */
import type { ReactNode } from 'react'
import type { Gateway } from '#contract/fleet.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Card } from '#ui/kit/card.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { credentialWords, transportWords } from '#ui/screens/fleet/words.ts'

const settingsTones = { applied: 'ok', applying: 'busy', failed: 'bad', unset: 'neutral' } as const

export function Connection({ gateway }: { gateway: Gateway }) {
  const { online, connected_at, last_seen_at, first_seen_at, transport, seq, credential, id, restarts } = gateway
  const { connection_settings: settings, restart_requested_at } = gateway
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="Connection">
        <Facts
          facts={[
            [
              'State',
              <Badge key="" tone={online ? 'ok' : 'warn'}>
                {online ? 'Online' : 'Offline'}
              </Badge>,
            ],
            ['Transport', transportWords[transport]],
            ['Connected', connected_at === null ? 'Not now' : <Moment key="" at={connected_at} />],
            ['Last heard', <Ago key="" at={last_seen_at} />],
            ['First seen', <Moment key="" at={first_seen_at} />],
            ['Newest message', seq ?? 'none'],
            [
              'Instance',
              <span key="" className="inline-flex flex-wrap items-center font-mono text-xs">
                {id}
                <CopyButton text={id} label="Copy the instance id" />
              </span>,
            ],
            ['Restarts asked for', String(restarts)],
            ...(restart_requested_at === null
              ? []
              : ([['Restart asked for', <Ago key="" at={restart_requested_at} />]] as Fact[])),
          ]}
        />
      </Card>
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="Credential" hint="What lets it in">
          <p className={credential === 'revoked' ? 'text-bad' : undefined}>{credentialWords[credential]}</p>
          <div className="pt-3">
            <h3 className="text-xs text-muted">Connection settings that it was offered</h3>
            {settings === null ? (
              <p className="text-muted">None.</p>
            ) : (
              <>
                <Badge tone={settingsTones[settings.status]}>{settings.status}</Badge>
                {settings.error !== '' && <p className="pt-1 text-bad">{settings.error}</p>}
              </>
            )}
          </div>
        </Card>
        <Card title="Capabilities" hint="What it says it can do">
          <ul className="flex flex-wrap gap-1.5">
            {[...gateway.capabilities, ...gateway.custom_capabilities].map((name) => (
              <li key={name}>
                <Badge icon={null}>{name.replaceAll('_', ' ')}</Badge>
              </li>
            ))}
          </ul>
        </Card>
      </div>
    </div>
  )
}

type Fact = readonly [name: string, value: ReactNode]

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[max-content_1fr] items-center gap-x-6 gap-y-1.5">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
