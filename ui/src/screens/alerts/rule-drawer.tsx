/** Adds or changes an alert rule, beside when it would have fired. What was typed stays until it is saved or discarded. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import type { AlertRule } from '#contract/alert.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { SaveProblem } from '#ui/kit/conflict.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { useKeptForm } from '#ui/kit/kept-form.ts'
import { Needs } from '#ui/kit/needs.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
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
  return (
    <Editor
      title="Add an alert rule"
      draftKey={`alerts.rule.new.${initial.name}`}
      initial={initial}
      isNew
      save={(form) =>
        send<AlertRule>('POST', '/alerts/rules', { id: form.id || idFrom(form.name), ...bodyOfForm(form) })
      }
      action="Add the rule"
      onClose={onClose}
    />
  )
}

export function ExistingRule({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(ruleQuery(id))
  if (query.data === undefined)
    return (
      <Dialog open onClose={onClose} title={id} place="side">
        <QueryView query={query}>{() => null}</QueryView>
      </Dialog>
    )
  const { body, etag } = query.data
  return (
    <Editor
      title={body.name}
      draftKey={`alerts.rule.${id}`}
      initial={formOfRule(id, definitionOf(body))}
      etag={etag}
      save={(form, tag) => send<AlertRule>('PUT', rulePath(id), bodyOfForm(form), { etag: tag })}
      latest={async () => (await query.refetch()).data?.etag}
      action="Save the rule"
      onClose={onClose}
    />
  )
}

function Editor({
  title,
  draftKey,
  initial,
  etag = '',
  isNew = false,
  save,
  latest,
  action,
  onClose,
}: {
  title: string
  draftKey: string
  initial: RuleForm
  etag?: string
  isNew?: boolean
  save: (form: RuleForm, etag: string) => Promise<AlertRule>
  /** Reads it again; its tag now. */
  latest?: () => Promise<string | undefined>
  action: string
  onClose: () => void
}) {
  const formId = useId()
  const client = useQueryClient()
  const mayEdit = useCan('edit')
  const kept = useKeptForm(draftKey, initial, etag)
  const saving = useMutation({
    mutationFn: (tag: string) => save(kept.form, tag),
    onSuccess: async (rule) => {
      kept.reset()
      onClose()
      toast(`“${rule.name}” is saved; it is evaluated within ten seconds`)
      await alertsChanged(client)
    },
  })
  const missing = missingInRule(kept.form)
  const isComplete = missing === undefined || missing.includes('name')
  const body = bodyOfForm(kept.form)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (missing === undefined && mayEdit) saving.mutate(kept.etag)
  }
  const reload = async () => {
    kept.reset()
    saving.reset()
    await latest?.()
  }
  const overwrite = async () => {
    const tag = (await latest?.()) ?? '*'
    kept.rebase(tag)
    saving.mutate(tag)
  }
  const discard = () => {
    kept.reset()
    onClose()
  }
  const footer = (
    <>
      <Needs permission="edit" to="change rules" />
      {kept.isDirty && (
        <Button look="quiet" onClick={discard}>
          Discard
        </Button>
      )}
      <Button onClick={onClose}>Close</Button>
      {mayEdit && (
        <Button look="primary" type="submit" form={formId} busy={saving.isPending} disabled={missing !== undefined}>
          {action}
        </Button>
      )}
    </>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      description={isComplete ? `Fires on ${conditionText(body)}.` : missing}
      place="side"
      footer={footer}
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-5">
        <RuleFields
          form={kept.form}
          set={kept.set}
          isNew={isNew}
          disabled={!mayEdit}
          error={saving.error instanceof ApiError ? saving.error : undefined}
        >
          <Preview body={isComplete ? body : undefined} />
        </RuleFields>
        {missing !== undefined && kept.isDirty && <p className="text-sm text-muted">{missing}</p>}
        <SaveProblem
          error={saving.error}
          what="this rule"
          onReload={() => void reload()}
          onOverwrite={() => void overwrite()}
        />
      </form>
    </Dialog>
  )
}
