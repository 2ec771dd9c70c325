/** How the gateways are, those that need somebody first. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { PAGE_ITEMS } from '#ui/api/pages.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { ButtonLink, textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { count } from '#ui/kit/format.ts'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { worstFirst } from '#ui/screens/overview/gateways.ts'
import { verdictOf } from '#ui/words/gateway-state.ts'

const SHOWN = 6

export function GatewaysCard({ configuration }: { configuration: string }) {
  const gateways = useQuery(followersQuery(configuration))
  return (
    <Card
      title="Gateways"
      actions={
        <Link to="/fleet" className={`${textLink} text-sm`}>
          Fleet
        </Link>
      }
    >
      <QueryView
        query={gateways}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <Empty
            title="No gateway follows this configuration"
            action={<ButtonLink to="/fleet">Add a gateway</ButtonLink>}
          />
        }
      >
        {({ items, next_cursor: next }) => (
          <>
            <ul aria-label="Gateways" className="flex flex-col gap-2">
              {worstFirst(items)
                .slice(0, SHOWN)
                .map((gateway) => {
                  const { tone, word } = verdictOf(gateway)
                  return (
                    <li key={gateway.id} className="flex min-w-0 items-center justify-between gap-2">
                      <span className="min-w-0 truncate text-sm">
                        <Link to="/fleet/$gateway" params={{ gateway: gateway.id }} className={textLink}>
                          {gateway.name}
                        </Link>{' '}
                        <span className="text-xs text-muted">
                          {gateway.version} · seen <Ago at={gateway.last_seen_at} />
                        </span>
                      </span>
                      <Badge tone={tone}>{word}</Badge>
                    </li>
                  )
                })}
            </ul>
            {(items.length > SHOWN || next !== null) && (
              <p className="pt-2 text-xs text-muted">
                {next === null
                  ? `and ${count(items.length - SHOWN)} more`
                  : `the worst of the first ${PAGE_ITEMS}; there are more`}
              </p>
            )}
          </>
        )}
      </QueryView>
    </Card>
  )
}
