/** Adds or changes a webhook. Its URL may hold a credential, so one that is there is shown masked and stays unless typed anew. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Webhook } from '#contract/webhook.ts'
import { send } from '#ui/api/client.ts'
import { FormDialog, LoadingDrawer } from '#ui/kit/form-view.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { type KeptForm, useKeptForm, useNewForm } from '#ui/kit/use-kept-form.ts'
import { webhookPath, webhookQuery, webhooksChanged } from '#ui/screens/alerts/queries.ts'
import { WebhookFields } from '#ui/screens/alerts/webhook-fields.tsx'
import {
  eventsText,
  formOfWebhook,
  missingInWebhook,
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
  const onSaved = useSaved(props)
  const kept = useNewForm({
    ...inStorage('new'),
    initial: newWebhookForm(),
    save: (form) => send<Webhook & { secret: string | null }>('POST', '/webhooks', newWebhookOf(form)),
    onSaved: ({ name, secret }) => onSaved(name, secret),
  })
  return <Editor title="Add a webhook" kept={kept} action="Add the webhook" onClose={props.onClose} />
}

export function ExistingWebhook({ id, ...props }: DrawerProps & { id: string }) {
  const { onClose } = props
  const query = useQuery(webhookQuery(id))
  const onSaved = useSaved(props)
  const kept = useKeptForm({
    ...inStorage(id),
    query,
    toForm: formOfWebhook,
    save: (form, etag) => send<Webhook>('PUT', webhookPath(id), webhookBodyOf(form), { etag }),
    onSaved: ({ name }, { secret }) => onSaved(name, secret === '' ? null : secret),
  })
  if (query.data === undefined || kept === undefined)
    return <LoadingDrawer title={id} query={query} onClose={onClose} />
  const there = query.data.body
  return <Editor title={there.name} there={there} kept={kept} action="Save the webhook" onClose={onClose} />
}

function useSaved({ onClose, onSecret }: DrawerProps): (name: string, secret: string | null) => void {
  const client = useQueryClient()
  return (name, secret) => {
    onClose()
    if (secret !== null) onSecret({ name, secret })
    toast(`“${name}” is saved`)
    void webhooksChanged(client)
  }
}

/** What may be a credential (its URL, a new secret) never goes into the tab's storage. */
function inStorage(id: string) {
  return {
    key: `alerts.webhook.${id}`,
    forStorage: (form: WebhookForm): WebhookForm => ({ ...form, url: '', secret: '' }),
  }
}

function Editor({
  title,
  there,
  kept,
  action,
  onClose,
}: {
  title: string
  there?: Webhook
  kept: KeptForm<WebhookForm>
  action: string
  onClose: () => void
}) {
  return (
    <FormDialog
      kept={kept}
      words={({ name, events, enabled }) => ({ Name: name, Events: eventsText(events), Enabled: enabled })}
      onClose={onClose}
      title={title}
      description="Receivers get a POST for each event. What fails is tried again for 24 hours."
      place="side"
      action={action}
      missing={missingInWebhook(kept.form, there !== undefined)}
    >
      <WebhookFields form={kept.form} set={kept.change} there={there} errorAt={kept.errorAt} />
    </FormDialog>
  )
}
