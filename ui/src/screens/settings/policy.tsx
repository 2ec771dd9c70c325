/** What a version of the configuration must fulfil before it is put to work. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Configuration, PublishPolicy } from '#contract/configuration.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { configurationChanged, pathOf, useCan } from '#ui/api/queries.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { CheckField, NumberField } from '#ui/kit/field.tsx'
import { FormView } from '#ui/kit/form-view.tsx'
import { named } from '#ui/kit/merge.ts'
import { Needs } from '#ui/kit/needs.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { type KeptForm, useKeptForm } from '#ui/kit/use-kept-form.ts'

function policyQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'policy'],
    queryFn: ({ signal }) => getTagged<Configuration>(pathOf(configuration), {}, signal),
  })
}

const names: Record<keyof PublishPolicy, string> = {
  require_message: 'Require a message',
  require_receipt: 'Require an impact receipt',
  refuse_lost_errors: 'Refuse lost errors',
  refuse_unredacted: 'Refuse what is no longer redacted',
  min_sample_records: 'Records in the sample, at least',
  max_age_minutes: 'Age of the receipt, at most',
}

export function Policy({ configuration }: { configuration: string }) {
  const query = useQuery(policyQuery(configuration))
  const client = useQueryClient()
  const kept = useKeptForm({
    key: `settings.policy.${configuration}`,
    query,
    toForm: ({ policy }: Configuration) => policy,
    save: (policy, etag) => send('PATCH', pathOf(configuration), { policy }, { etag }),
    onSaved: async () => {
      await configurationChanged(client)
      toast(`The policy of ${configuration} is saved`)
    },
  })
  return (
    <Card
      title={`Policy of ${configuration}`}
      hint="Asked of every version that is published, and of every rollback. What is refused says why."
    >
      <QueryView query={query} lines={6}>
        {() => kept !== undefined && <Fields kept={kept} />}
      </QueryView>
    </Card>
  )
}

function Fields({ kept }: { kept: KeptForm<PublishPolicy> }) {
  const mayChange = useCan('admin')
  const { form, change } = kept
  const box = (name: keyof PublishPolicy, hint: string) => (
    <CheckField
      label={names[name]}
      hint={hint}
      checked={form[name] === true}
      disabled={!mayChange}
      onChange={(event) => change({ [name]: event.target.checked })}
    />
  )
  const number = (name: 'min_sample_records' | 'max_age_minutes', hint: string, min: number, max: number) => (
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
  return (
    <FormView
      kept={kept}
      label="Publishing policy"
      words={(its) => named(its, names)}
      action="Save the policy"
      mayChange={mayChange}
    >
      <Needs permission="admin" to="change the policy" />
      <div className="flex max-w-2xl flex-col gap-4">
        {box('require_message', 'Every version says why it is there.')}
        {box('require_receipt', 'What a version would do to recent records is computed before it is put to work.')}
        {box('refuse_lost_errors', 'Refuse what ends records of severity error or above that are let go on now.')}
        {box('refuse_unredacted', 'Refuse what no longer surely redacts what is redacted now.')}
        <div className="flex flex-wrap gap-4">
          {number('min_sample_records', 'A receipt on fewer does not count.', 0, 1_000_000)}
          {number('max_age_minutes', 'Minutes; older receipts do not count.', 1, 43_200)}
        </div>
        <p className="text-sm text-muted">
          Receipts are made on the screen{' '}
          <Link to="/publish" className={textLink}>
            Publish
          </Link>
          .
        </p>
      </div>
    </FormView>
  )
}
