/** A token that was made just now: where to use it, and who has come with it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, LoaderCircle } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { About } from '#contract/about.ts'
import type { GatewaySummary, RegistrationToken, RegistrationTokenCreated } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import { getAll } from '#ui/api/pages.ts'
import { aboutQuery, LIVE_MS } from '#ui/api/queries.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { binaryCommand, dockerCommand, endpointOf, supervisorFile } from '#ui/screens/fleet/joining.ts'
import { labelText } from '#ui/screens/fleet/labels.ts'
import { fleetChanged } from '#ui/screens/fleet/queries.ts'

export function JoinSteps({ token, onClose }: { token: RegistrationTokenCreated; onClose: () => void }) {
  const about = useQuery(aboutQuery)
  return (
    <div className="flex flex-col gap-4">
      <QueryView query={about}>{({ opamp }) => <Ways opamp={opamp} token={token.token} />}</QueryView>
      <Arrivals token={token} onClose={onClose} />
    </div>
  )
}

function Ways({ opamp, token }: { opamp: About['opamp']; token: string }) {
  const [way, setWay] = useState('binary')
  if (opamp === null)
    return (
      <p role="alert" className="rounded-md bg-warn-soft px-3 py-2 text-warn">
        This controller has no address where gateways connect: give it <code className="font-mono">opamp.listen</code>{' '}
        and start it again.
      </p>
    )
  const { url, isLocal } = endpointOf(opamp, location.hostname)
  const tabs = [
    {
      id: 'binary',
      label: 'Binary',
      content: <Command label="Command for the binary" text={binaryCommand(token, url)} />,
    },
    {
      id: 'docker',
      label: 'Docker',
      content: <Command label="Command for Docker" text={dockerCommand(token, url)} />,
    },
    {
      id: 'collector',
      label: 'OpenTelemetry Collector',
      content: (
        <>
          <p className="text-sm text-muted">
            <code className="font-mono">supervisor.yaml</code>; run it with{' '}
            <code className="font-mono">opampsupervisor --config supervisor.yaml</code>. Its configuration must be one
            of collectors.
          </p>
          <Command label="supervisor.yaml" text={supervisorFile(token, url)} />
        </>
      ),
    },
  ]
  return (
    <div className="flex flex-col gap-3">
      {isLocal && (
        <p className="rounded-md bg-info-soft px-3 py-2 text-sm text-info">
          Gateways of this machine alone reach the controller: it listens at{' '}
          <code className="font-mono">{new URL(opamp.address).host}</code>. For others, set{' '}
          <code className="font-mono">opamp.listen</code> to 0.0.0.0:4320 and start it again.
        </p>
      )}
      <Tabs label="How it is started" tabs={tabs} value={way} onChange={setWay} />
    </div>
  )
}

/** Asked for until somebody is there, and then on, as a token may bring in several. */
function Arrivals({ token, onClose }: { token: RegistrationTokenCreated; onClose: () => void }) {
  const client = useQueryClient()
  const { data: now } = useQuery({
    queryKey: ['registration-tokens', token.id],
    queryFn: ({ signal }) => get<RegistrationToken>(`/registration-tokens/${token.id}`, {}, signal),
    refetchInterval: LIVE_MS / 2,
  })
  const uses = now?.uses ?? 0
  const { data: come = [] } = useQuery({
    queryKey: ['gateways', 'new', token.id, uses],
    enabled: uses > 0,
    refetchInterval: LIVE_MS,
    queryFn: async ({ signal }) => {
      const [label] = Object.entries(token.labels)
      const query = label === undefined ? {} : { label: labelText(...label) }
      const all = await getAll<GatewaySummary>('/gateways', query, signal)
      return all.filter(({ first_seen_at }) => first_seen_at >= token.created_at)
    },
  })
  useEffect(() => {
    if (uses > 0) void fleetChanged(client)
  }, [uses, client])
  return (
    <div role="status" className="flex flex-col gap-2 rounded-md border border-line px-3 py-2">
      {come.map(({ id, name, version }) => (
        <p key={id} className="flex items-center gap-2 text-ok">
          <CircleCheck aria-hidden className="size-4" />
          <span>
            <Link to="/fleet/$gateway" params={{ gateway: id }} onClick={onClose} className={textLink}>
              {name}
            </Link>{' '}
            has connected ({version || 'of unknown version'})
          </span>
        </p>
      ))}
      {uses > come.length ? (
        <p className="flex items-center gap-2 text-ok">
          <CircleCheck aria-hidden className="size-4" />
          The token was used {uses === 1 ? 'once' : `${uses} times`}
        </p>
      ) : (
        <p className="flex items-center gap-2 text-muted">
          <LoaderCircle aria-hidden className="size-4 animate-spin" />
          {come.length === 0 ? 'Waiting for it to connect…' : 'Waiting for others…'}
        </p>
      )}
      {come.length === 0 && (
        <details className="text-sm text-muted">
          <summary className="min-h-6 cursor-pointer">It does not come?</summary>
          <ul className="list-disc pl-5">
            <li>Its log says what the controller answered: 401 means that the token is wrong, expired or used up.</li>
            <li>
              With TLS at the controller the address begins with <code className="font-mono">wss</code>, without with{' '}
              <code className="font-mono">ws</code>.
            </li>
            <li>Only the controller's OpAMP port must be reachable from there, never the other way round.</li>
          </ul>
        </details>
      )}
    </div>
  )
}
