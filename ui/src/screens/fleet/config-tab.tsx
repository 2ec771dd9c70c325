/** What a gateway should run beside what it runs. Long texts, so they are closed until somebody wants them. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Gateway } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import { pathOf } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { driftWords } from '#ui/words/gateway-state.ts'

export function ConfigTab({ gateway }: { gateway: Gateway }) {
  const { states, drift, effective_config: effective } = gateway
  const matches = states.effective?.matches ?? null
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        {matches === null ? (
          <Badge>Not compared</Badge>
        ) : (
          <Badge tone={matches ? 'ok' : 'warn'}>{matches ? 'Effective matches desired' : 'Effective differs'}</Badge>
        )}
        <span className="text-muted">
          {drift === null
            ? 'What is published takes the place of entries with the same ids; all else of the gateway’s own file stays.'
            : driftWords[drift].why}
        </span>
      </p>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Card title="Desired" hint="The live version of the configuration that it follows">
          {states.desired === null ? (
            <p className="text-muted">
              Nothing of “{gateway.configuration}” has been published.{' '}
              <Link to="/publish" search={{ configuration: gateway.configuration }} className={textLink}>
                Publish its draft
              </Link>
            </p>
          ) : (
            <Desired configuration={states.desired.configuration} version={states.desired.version} />
          )}
        </Card>
        <Card title="Effective" hint="What it runs, as it says; secrets are masked">
          {effective === null ? (
            <p className="text-muted">It does not tell what it runs.</p>
          ) : (
            Object.entries(effective).map(([name, { body }]) => <File key={name} name={name || 'config'} body={body} />)
          )}
        </Card>
      </div>
    </>
  )
}

function Desired({ configuration, version }: { configuration: string; version: number }) {
  const query = useQuery({
    queryKey: ['configurations', configuration, 'versions', version],
    queryFn: ({ signal }) => get<{ content: unknown }>(`${pathOf(configuration)}/versions/${version}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <QueryView query={query} lines={1}>
      {({ content }) => <File name={`${configuration}, version ${version}`} body={JSON.stringify(content, null, 2)} />}
    </QueryView>
  )
}

function File({ name, body }: { name: string; body: string }) {
  const lines = body.trimEnd().split('\n').length
  return (
    <details>
      <summary className="min-h-8 cursor-pointer py-1">
        <span className="font-mono text-sm">{name}</span>{' '}
        <span className="text-xs text-muted">{lines === 1 ? '1 line' : `${lines} lines`}</span>
      </summary>
      <div className="max-h-[32rem] overflow-y-auto pt-1">
        <Command text={body} label={name} />
      </div>
    </details>
  )
}
