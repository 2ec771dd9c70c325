/** Adds or changes an alert rule, beside when it would have fired. What was typed stays until it is saved or discarded. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { AlertRule } from '#contract/alert.ts'
import { send } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { FormDialog, LoadingDrawer } from '#ui/kit/form-view.tsx'
import type { Fields } from '#ui/kit/merge.ts'
import { Needs } from '#ui/kit/needs.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { type KeptForm, useKeptForm, useNewForm } from '#ui/kit/use-kept-form.ts'
import { conditionText } from '#ui/screens/alerts/condition.ts'
import { Preview } from '#ui/screens/alerts/preview.tsx'
import { alertsChanged, rulePath, ruleQuery } from '#ui/screens/alerts/queries.ts'
import { RuleFields } from '#ui/screens/alerts/rule-fields.tsx'
import {
  bodyOfForm,
  definitionOf,
  formOfRule,
  idFrom,
  missingInRule,
  type RuleForm,
} from '#ui/screens/alerts/rule-form.ts'

export function NewRule({ initial, onClose }: { initial: RuleForm; onClose: () => void }) {
  const onSaved = useSaved(onClose)
  const kept = useNewForm({
    key: `alerts.rule.new.${initial.name}`,
    initial,
    save: (form) => send<AlertRule>('POST', '/alerts/rules', { id: form.id || idFrom(form.name), ...bodyOfForm(form) }),
    onSaved,
  })
  return <Editor title="Add an alert rule" kept={kept} isNew action="Add the rule" onClose={onClose} />
}

export function ExistingRule({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(ruleQuery(id))
  const onSaved = useSaved(onClose)
  const kept = useKeptForm({
    key: `alerts.rule.${id}`,
    query,
    toForm: (rule: AlertRule) => formOfRule(id, definitionOf(rule)),
    save: (form, etag) => send<AlertRule>('PUT', rulePath(id), bodyOfForm(form), { etag }),
    onSaved,
  })
  if (query.data === undefined || kept === undefined)
    return <LoadingDrawer title={id} query={query} onClose={onClose} />
  return <Editor title={query.data.body.name} kept={kept} action="Save the rule" onClose={onClose} />
}

function useSaved(onClose: () => void): (rule: AlertRule) => void {
  const client = useQueryClient()
  return ({ name }) => {
    onClose()
    toast(`“${name}” is saved; it is evaluated within ten seconds`)
    void alertsChanged(client)
  }
}

function Editor({
  title,
  kept,
  isNew = false,
  action,
  onClose,
}: {
  title: string
  kept: KeptForm<RuleForm>
  isNew?: boolean
  action: string
  onClose: () => void
}) {
  const mayEdit = useCan('edit')
  const missing = missingInRule(kept.form)
  const body = isComplete(kept.form) ? bodyOfForm(kept.form) : undefined
  return (
    <FormDialog
      kept={kept}
      words={wordsOf}
      onClose={onClose}
      title={title}
      description={body === undefined ? missing : `Fires on ${conditionText(body)}.`}
      place="side"
      action={action}
      missing={missing}
      mayChange={mayEdit}
      notice={<Needs permission="edit" to="change rules" />}
    >
      <RuleFields form={kept.form} set={kept.change} isNew={isNew} disabled={!mayEdit} errorAt={kept.errorAt}>
        <Preview body={body} />
      </RuleFields>
    </FormDialog>
  )
}

/** It can be evaluated; perhaps it has no name yet. */
function isComplete(form: RuleForm): boolean {
  return missingInRule({ ...form, name: 'any' }) === undefined
}

function wordsOf(form: RuleForm): Fields {
  const body = bodyOfForm(form)
  return {
    Name: body.name,
    Description: body.description,
    'Fires on': isComplete(form) ? conditionText(body) : '…',
    'Fires after minutes': form.forMinutes,
    'Resolved after minutes': form.resolveMinutes,
    'Without data': body.no_data,
    Severity: body.severity,
    Webhooks: body.webhooks,
    Evaluated: body.enabled,
  }
}
