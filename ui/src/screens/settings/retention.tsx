/** For how long the organisation's series are kept. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Retention as Kept } from '#contract/series.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { Card } from '#ui/kit/card.tsx'
import { NumberField } from '#ui/kit/field.tsx'
import { FormView } from '#ui/kit/form-view.tsx'
import { exact } from '#ui/kit/format.ts'
import { named } from '#ui/kit/merge.ts'
import { Needs } from '#ui/kit/needs.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { type KeptForm, useKeptForm } from '#ui/kit/use-kept-form.ts'
import { costOf, lossOf } from '#ui/screens/settings/retention-cost.ts'

const retentionQuery = queryOptions({
  queryKey: ['series', 'retention'],
  queryFn: ({ signal }) => getTagged<Kept>('/series/retention', {}, signal),
})

const names: Record<keyof Kept, string> = { minute_hours: 'Keep minutes for', hour_days: 'Keep hours for' }

export function Retention() {
  const query = useQuery(retentionQuery)
  const kept = useKeptForm({
    key: 'settings.retention',
    query,
    toForm: (retention: Kept) => retention,
    save: (retention, etag) => send('PUT', '/series/retention', retention, { etag }),
    onSaved: async () => {
      await query.refetch()
      toast('The retention is saved')
    },
  })
  return (
    <Card
      title="Retention of series"
      hint="What went through, minute by minute and later hour by hour: the charts and the savings of the organisation."
    >
      <QueryView query={query}>{({ body }) => kept !== undefined && <Fields kept={kept} before={body} />}</QueryView>
    </Card>
  )
}

function Fields({ kept, before }: { kept: KeptForm<Kept>; before: Kept }) {
  const mayChange = useCan('admin')
  const { form, change } = kept
  const number = (name: keyof Kept, hint: string, min: number, max: number) => (
    <NumberField
      label={names[name]}
      hint={hint}
      min={min}
      max={max}
      disabled={!mayChange}
      className="w-full max-w-64"
      value={form[name]}
      onNumber={(value) => change({ [name]: value })}
    />
  )
  const loss = lossOf(before, form)
  const cost = costOf(form)
  return (
    <FormView
      kept={kept}
      label="Retention of series"
      words={(its) => named(its, names)}
      action="Save the retention"
      mayChange={mayChange}
    >
      <Needs permission="admin" to="change the retention" />
      <div className="flex flex-wrap gap-4">
        {number('minute_hours', 'Hours, 6 to 168.', 6, 168)}
        {number('hour_days', 'Days, 1 to 1,100.', 1, 1100)}
      </div>
      {Number.isFinite(cost.rows) && (
        <p className="max-w-2xl text-sm text-muted">
          A rule, output, service or other series that is busy all the time takes up to {exact(cost.rows)} rows of the
          store: {exact(cost.minuteRows)} of minutes and {exact(cost.hourRows)} of hours. Idle times take none.
        </p>
      )}
      {loss !== undefined && (
        <p role="status" className="max-w-2xl rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          This deletes {loss}, for good. Savings of that time can no longer be shown.
        </p>
      )}
    </FormView>
  )
}
