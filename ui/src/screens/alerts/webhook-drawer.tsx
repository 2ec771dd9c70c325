/** Adds or changes a webhook. Its URL may hold a credential, so one that is there is shown masked and stays unless typed anew. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import type { Webhook } from '#contract/webhook.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { Button } from '#ui/kit/button.tsx'
import { SaveProblem } from '#ui/kit/conflict.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { webhookPath, webhookQuery, webhooksChanged } from '#ui/screens/alerts/queries.ts'
import { useWebhookForm } from '#ui/screens/alerts/use-webhook-form.ts'
import { WebhookFields } from '#ui/screens/alerts/webhook-fields.tsx'
import {
  formOfWebhook,
  newWebhookForm,
  newWebhookOf,
  type WebhookForm,
  webhookBodyOf,
} from '#ui/screens/alerts/webhook-words.ts'

export interface ShownSecret {
  name: string
  secret: string
}

interface DrawerProps {
  onClose: () => void
  /** Shows a secret that has been made. */
  onSecret: (secret: ShownSecret) => void
}

export function NewWebhookDrawer(props: DrawerProps) {
  return (
    <Editor
      title="Add a webhook"
      initial={newWebhookForm()}
      save={async (form) => {
        const made = await send<Webhook & { secret: string | null }>('POST', '/webhooks', newWebhookOf(form))
        return { name: made.name, secret: made.secret }
      }}
      action="Add the webhook"
      {...props}
    />
  )
}

export function ExistingWebhook({ id, ...props }: DrawerProps & { id: string }) {
  const query = useQuery(webhookQuery(id))
  if (query.data === undefined)
    return (
      <Dialog open onClose={props.onClose} title={id} place="side">
        <QueryView query={query}>{() => null}</QueryView>
      </Dialog>
    )
  const { body, etag } = query.data
  return (
    <Editor
      title={body.name}
      initial={formOfWebhook(body)}
      there={body}
      etag={etag}
      save={async (form, tag) => {
        const { name } = await send<Webhook>('PUT', webhookPath(id), webhookBodyOf(form), { etag: tag })
        return { name, secret: form.secret === '' ? null : form.secret }
      }}
      latest={async () => (await query.refetch()).data?.etag}
      action="Save the webhook"
      {...props}
    />
  )
}

function Editor({
  title,
  initial,
  there,
  etag = '',
  save,
  latest,
  action,
  onClose,
  onSecret,
}: DrawerProps & {
  title: string
  initial: WebhookForm
  there?: Webhook
  etag?: string
  save: (form: WebhookForm, etag: string) => Promise<{ name: string; secret: string | null }>
  latest?: () => Promise<string | undefined>
  action: string
}) {
  const formId = useId()
  const client = useQueryClient()
  const { form, set, base, rebase, isDirty, reset } = useWebhookForm(there?.id, initial, etag)
  const saving = useMutation({
    mutationFn: (tag: string) => save(form, tag),
    onSuccess: async ({ name, secret }) => {
      reset()
      onClose()
      if (secret !== null) onSecret({ name, secret })
      toast(`“${name}” is saved`)
      await webhooksChanged(client)
    },
  })
  const isReady = form.name.trim() !== '' && form.events.length > 0 && (there !== undefined || form.url.trim() !== '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady) saving.mutate(base)
  }
  const reload = async () => {
    reset()
    saving.reset()
    await latest?.()
  }
  const overwrite = async () => {
    const tag = (await latest?.()) ?? '*'
    rebase(tag)
    saving.mutate(tag)
  }
  const discard = () => {
    reset()
    onClose()
  }
  const footer = (
    <>
      {isDirty && (
        <Button look="quiet" onClick={discard}>
          Discard
        </Button>
      )}
      <Button onClick={onClose}>Close</Button>
      <Button look="primary" type="submit" form={formId} busy={saving.isPending} disabled={!isReady}>
        {action}
      </Button>
    </>
  )
  const error = saving.error instanceof ApiError ? saving.error : undefined
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      description="Receivers get a POST for each event. What fails is tried again for 24 hours."
      place="side"
      footer={footer}
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <WebhookFields form={form} set={set} there={there} error={error} />
        <SaveProblem
          error={saving.error}
          what="this webhook"
          onReload={() => void reload()}
          onOverwrite={() => void overwrite()}
        />
      </form>
    </Dialog>
  )
}
