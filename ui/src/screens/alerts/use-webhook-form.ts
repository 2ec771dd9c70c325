/** The form of a webhook. What may be a credential (its URL, a new secret) stays in memory and never goes into the tab's storage. */
import { useState } from 'react'
import { useKeptForm } from '#ui/kit/kept-form.ts'
import type { WebhookForm } from '#ui/screens/alerts/webhook-words.ts'

type Kept = Omit<WebhookForm, 'url' | 'secret'>

/** `id` undefined: a new one. */
export function useWebhookForm(id: string | undefined, initial: WebhookForm, etag: string) {
  const [credentials, setCredentials] = useState({ url: '', secret: '' })
  const { url: _url, secret: _secret, ...rest } = initial
  const kept = useKeptForm<Kept>(`alerts.webhook.${id ?? 'new'}`, rest, etag)
  const set = (patch: Partial<WebhookForm>) => {
    const { url, secret, ...others } = patch
    if (url !== undefined || secret !== undefined)
      setCredentials((old) => ({ url: url ?? old.url, secret: secret ?? old.secret }))
    if (Object.keys(others).length > 0) kept.set(others)
  }
  const reset = () => {
    setCredentials({ url: '', secret: '' })
    kept.reset()
  }
  const isDirty = kept.isDirty || credentials.url !== '' || credentials.secret !== ''
  return { form: { ...kept.form, ...credentials }, set, base: kept.etag, rebase: kept.rebase, isDirty, reset }
}
