/** Where one is logged in. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Session } from '#contract/access.ts'
import { send } from '#ui/api/client.ts'
import { getAll } from '#ui/api/pages.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'

const sessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: ({ signal }) => getAll<Session>('/me/sessions', {}, signal),
})

export function Sessions() {
  const query = useQuery(sessionsQuery)
  const client = useQueryClient()
  const [ending, setEnding] = useState<Session>()
  const end = async () => {
    await send('POST', `/me/sessions/${encodeURIComponent(ending?.id ?? '')}/revoke`)
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
    toast('The session has ended')
  }
  return (
    <Card title="Sessions" hint="Where you are logged in." flush className="lg:col-span-2">
      <QueryView query={query}>
        {(sessions) => (
          <Table
            label="Sessions"
            rows={sessions}
            rowKey={({ id }) => id}
            columns={[
              {
                id: 'client',
                header: 'Browser',
                width: 'minmax(12rem, 3fr)',
                cell: ({ client: name }) => <span title={name}>{name}</span>,
              },
              { id: 'address', header: 'Address', cell: ({ address }) => address },
              { id: 'used', header: 'Used', cell: ({ used_at: at }) => <Ago at={at} />, sort: ({ used_at: at }) => at },
              { id: 'expires', header: 'Ends', cell: ({ expires_at: at }) => <Ago at={at} /> },
              {
                id: 'end',
                header: <span className="sr-only">Action</span>,
                align: 'right',
                width: '7rem',
                cell: (one) =>
                  one.current ? (
                    <Badge tone="info">This one</Badge>
                  ) : (
                    <Button onClick={() => setEnding(one)}>End</Button>
                  ),
              },
            ]}
          />
        )}
      </QueryView>
      <Confirm
        open={ending !== undefined}
        onClose={() => setEnding(undefined)}
        title="End this session?"
        action="End the session"
        run={end}
      >
        Whoever uses it is logged out at once: {ending?.client}, from {ending?.address}.
      </Confirm>
    </Card>
  )
}
