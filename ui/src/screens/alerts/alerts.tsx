/** What is wrong now, which rules say so, and who is told. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Page } from '#ui/kit/page.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { Events } from '#ui/screens/alerts/events.tsx'
import { firingQuery, rulesQuery, webhooksQuery } from '#ui/screens/alerts/queries.ts'
import { type AlertTab, alertsRoute } from '#ui/screens/alerts/route.ts'
import { Rules } from '#ui/screens/alerts/rules.tsx'
import { Webhooks } from '#ui/screens/alerts/webhooks.tsx'

export function Alerts() {
  const { tab = 'events' } = alertsRoute.useSearch()
  const navigate = useNavigate({ from: '/alerts' })
  const firing = useQuery(firingQuery(undefined)).data?.length
  const rules = useQuery(rulesQuery).data?.length
  const webhooks = useQuery(webhooksQuery).data?.length
  return (
    <Page
      title="Alerts"
      intro="Rules look at what gateways report, once a minute, and tell webhooks when something is wrong."
    >
      <Tabs
        label="Alerts"
        value={tab}
        onChange={(id) =>
          void navigate({
            search: ({ configuration }) => ({ ...(configuration && { configuration }), tab: id as AlertTab }),
          })
        }
        tabs={[
          { id: 'events', label: <Label text="Events" count={firing} word="firing" />, content: <Events /> },
          { id: 'rules', label: <Label text="Rules" count={rules} />, content: <Rules /> },
          { id: 'webhooks', label: <Label text="Webhooks" count={webhooks} />, content: <Webhooks /> },
        ]}
      />
    </Page>
  )
}

function Label({ text, count, word }: { text: string; count: number | undefined; word?: string }) {
  if (count === undefined || (count === 0 && word !== undefined)) return text
  return (
    <>
      {text}{' '}
      <span className="rounded-full bg-raised px-1.5 text-xs">
        {count}
        {word !== undefined && ` ${word}`}
      </span>
    </>
  )
}
