/** Registration tokens that were made: what they are for, how often they were used, and the way to revoke one. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Ban } from 'lucide-react'
import { useState } from 'react'
import type { RegistrationToken } from '#contract/fleet.ts'
import { send } from '#ui/api/client.ts'
import { getAll } from '#ui/api/pages.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { Ago, useNow } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { labelsText } from '#ui/screens/fleet/labels.ts'
import { fleetChanged } from '#ui/screens/fleet/queries.ts'
import { tokenStateOf } from '#ui/screens/fleet/token-state.ts'

export function Tokens() {
  const now = useNow()
  const [revoked, setRevoked] = useState<RegistrationToken>()
  const query = useQuery({
    queryKey: ['registration-tokens'],
    queryFn: ({ signal }) => getAll<RegistrationToken>('/registration-tokens', {}, signal),
  })
  return (
    <details className="rounded-md border border-line">
      <summary className="min-h-8 cursor-pointer px-4 py-1.5 text-sm">Tokens that were made</summary>
      <QueryView query={query}>
        {(tokens) => (
          <SimpleTable
            label="Registration tokens"
            head={[
              'Token',
              'State',
              'Uses',
              'Made',
              <span key="do" className="sr-only">
                Do
              </span>,
            ]}
            right={[2, 4]}
            empty="None yet."
            rows={[...tokens].reverse().map((token) => {
              const { word, tone } = tokenStateOf(token, now)
              return {
                key: token.id,
                cells: [
                  <span key="" className="block min-w-32">
                    <span className="font-medium">{token.name}</span>
                    <span className="block text-xs text-muted">
                      <span className="font-mono">{token.prefix}…</span>
                      {token.configuration !== null && `, follows ${token.configuration}`}
                      {Object.keys(token.labels).length > 0 && `, ${labelsText(token.labels)}`}
                    </span>
                  </span>,
                  <span key="" className="inline-flex flex-col items-start">
                    <Badge tone={tone}>{word}</Badge>
                    {word === 'Valid' && token.expires_at !== null && (
                      <span className="text-xs text-muted">
                        ends <Ago at={token.expires_at} />
                      </span>
                    )}
                  </span>,
                  token.uses_max === null ? String(token.uses) : `${token.uses} of ${token.uses_max}`,
                  <Ago key="" at={token.created_at} />,
                  token.revoked_at === null ? (
                    <Button key="" icon={Ban} look="quiet" onClick={() => setRevoked(token)}>
                      Revoke<span className="sr-only"> {token.name}</span>
                    </Button>
                  ) : null,
                ],
              }
            })}
          />
        )}
      </QueryView>
      {revoked !== undefined && <Revoke token={revoked} onClose={() => setRevoked(undefined)} />}
    </details>
  )
}

function Revoke({ token, onClose }: { token: RegistrationToken; onClose: () => void }) {
  const client = useQueryClient()
  const run = async () => {
    // A token that was used meanwhile is to be revoked all the same.
    await send('DELETE', `/registration-tokens/${encodeURIComponent(token.id)}`, undefined, { etag: '*' })
    await client.invalidateQueries({ queryKey: ['registration-tokens'] })
    await fleetChanged(client)
    toast(`The token “${token.name}” is void`)
  }
  return (
    <Confirm open onClose={onClose} title={`Revoke the token “${token.name}”`} action="Revoke" run={run}>
      It was used {token.uses === 1 ? 'once' : `${token.uses} times`}. Nobody comes in with it again, and gateways that
      have nothing else are disconnected; those with a credential of their own stay.
    </Confirm>
  )
}
