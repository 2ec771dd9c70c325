/** When the rule would have fired in the last days, over what is stored: the measured figures, the line, and each firing. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { AlertPreview, AlertRuleBody } from '#contract/alert.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Chart } from '#ui/kit/chart.tsx'
import { duration, exact } from '#ui/kit/format.ts'
import { ProblemNote, Skeleton } from '#ui/kit/states.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { figureText, isInBytes, measureText, thresholdOf, valueText } from '#ui/screens/alerts/condition.ts'
import { previewQuery } from '#ui/screens/alerts/queries.ts'

const TYPING_MS = 400
const FIRINGS_SHOWN = 50

/** `body` undefined: the form is not complete. */
export function Preview({ body }: { body: AlertRuleBody | undefined }) {
  const settled = useSettled(body)
  const query = useQuery({ ...previewQuery(settled), placeholderData: keepPreviousData })
  return (
    <section aria-label="Preview" className="flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-canvas p-3">
      <h3 className="text-sm font-semibold">When it would have fired</h3>
      {settled === undefined ? (
        <p className="text-sm text-muted">Fill in the condition, and it shows here.</p>
      ) : query.error !== null ? (
        <ProblemNote error={query.error} />
      ) : query.data === undefined ? (
        <Skeleton />
      ) : (
        <Shown preview={query.data} rule={settled} />
      )}
    </section>
  )
}

function Shown({ preview, rule }: { preview: AlertPreview; rule: AlertRuleBody }) {
  const { firings, series, minutes } = preview
  const total = firings.length + preview.firings_left_out
  const { condition } = rule
  const threshold = thresholdOf(condition)
  if (minutes === 0)
    return (
      <p className="text-sm text-muted">Nothing is stored yet of what it looks at. It begins with the next minute.</p>
    )
  return (
    <>
      <p role="status" className="flex flex-wrap items-center gap-2 text-sm">
        {total === 0 ? (
          <Badge tone="ok">Would not have fired</Badge>
        ) : (
          <Badge tone="warn">Would have fired {total === 1 ? 'once' : `${exact(total)} times`}</Badge>
        )}
        <span className="text-muted">
          in {duration(minutes * 60_000)} that are stored
          {preview.minutes_without_data > 0 && `, ${exact(preview.minutes_without_data)} minutes of it without data`}.
        </span>
      </p>
      {series.some(({ value }) => value !== null) && (
        <Chart
          title={measureText(condition)}
          summary={`${measureText(condition)}; each point is the worst of ${
            preview.series_step_minutes === 1 ? 'its minute' : `${preview.series_step_minutes} minutes`
          }.`}
          times={series.map(({ at }) => at)}
          series={[
            {
              key: 'value',
              label: measureText(condition),
              color: 'var(--delivered)',
              values: series.map(({ value }) => value),
            },
          ]}
          format={(value) => figureText(condition, value)}
          binary={isInBytes(condition)}
          height={160}
          marks={firings.slice(-FIRINGS_SHOWN).map(({ started_at }, index) => ({
            at: started_at,
            label: index === 0 ? 'fires' : '',
          }))}
          {...(threshold !== undefined && { threshold })}
        />
      )}
      {!preview.exact && (
        <p className="text-xs text-muted">
          Past states of gateways are known only as far as they last until now, so earlier ones do not show.
        </p>
      )}
      {firings.length > 0 && (
        <ol aria-label="Would have fired" className="max-h-40 overflow-y-auto text-sm" tabIndex={0}>
          {firings
            .slice(-FIRINGS_SHOWN)
            .reverse()
            .map(({ started_at, resolved_at, value }) => (
              <li
                key={started_at}
                className="flex flex-wrap justify-between gap-x-3 border-b border-line py-1 last:border-b-0"
              >
                <Moment at={started_at} />
                <span className="text-muted">
                  {resolved_at === null ? 'still fires' : `for ${duration(resolved_at - started_at)}`}
                </span>
                <span>{valueText(condition, value)}</span>
              </li>
            ))}
        </ol>
      )}
    </>
  )
}

/** What was typed, a moment after the last key. */
function useSettled(body: AlertRuleBody | undefined): AlertRuleBody | undefined {
  // The name does not change when it fires, but the API wants one.
  const text = body === undefined ? undefined : JSON.stringify({ ...body, name: 'preview', webhooks: [] })
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled === undefined ? undefined : (JSON.parse(settled) as AlertRuleBody)
}
