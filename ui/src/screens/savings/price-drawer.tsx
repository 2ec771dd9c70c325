/** Adds a price, or corrects one. What was typed stays until it is saved or discarded. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import type { Price } from '#contract/savings.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { pricesQuery } from '#ui/api/savings-queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { SaveProblem } from '#ui/kit/conflict.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { useKeptForm } from '#ui/kit/kept-form.ts'
import { QueryView } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { rateText, targetText } from '#ui/screens/savings/figures.ts'
import { PriceFields } from '#ui/screens/savings/price-fields.tsx'
import { bodyOf, formOf, missingIn, newPrice, type PriceForm } from '#ui/screens/savings/price-form.ts'
import { priceQuery, pricesChanged } from '#ui/screens/savings/queries.ts'

/** `from`: what a new price begins with. */
export type PriceDrawerState = { kind: 'new'; from?: Partial<PriceForm> } | { kind: 'correct'; id: string }

interface DrawerProps {
  onClose: () => void
  /** Ids and types of outputs that are known. */
  outputs: readonly { output: string; type: string }[]
}

export function PriceDrawer({ state, ...rest }: DrawerProps & { state: PriceDrawerState | undefined }) {
  if (state === undefined) return null
  return state.kind === 'new' ? <NewPrice from={state.from ?? {}} {...rest} /> : <Correction id={state.id} {...rest} />
}

function NewPrice({ from, ...rest }: DrawerProps & { from: Partial<PriceForm> }) {
  const prices = useQuery(pricesQuery)
  const currency = prices.data?.at(-1)?.currency ?? 'EUR'
  const initial = { ...newPrice(Date.now(), currency), ...from }
  return (
    <Editor
      key={currency}
      title="Set a price"
      description="What the contract for this output says. Money is computed with it from its first day on."
      draftKey={`savings.price.new.${from.output ?? ''}`}
      initial={initial}
      save={(form) => send<Price>('POST', '/prices', bodyOf(form))}
      action="Set the price"
      {...rest}
    />
  )
}

function Correction({ id, ...rest }: DrawerProps & { id: string }) {
  const query = useQuery(priceQuery(id))
  if (query.data === undefined)
    return (
      <Dialog open onClose={rest.onClose} title="Correct a price" place="side">
        <QueryView query={query}>{() => null}</QueryView>
      </Dialog>
    )
  const { body, etag } = query.data
  return (
    <Editor
      title={`Correct the price of ${targetText(body)}`}
      description={
        <>
          A correction changes the past too: everything since its first day is counted anew. If the vendor has changed
          the price, close this and choose <b>New price from a day on</b>: then the past stays.
        </>
      }
      draftKey={`savings.price.${id}`}
      initial={formOf(body)}
      etag={etag}
      save={(form, tag) => send<Price>('PUT', `/prices/${encodeURIComponent(id)}`, bodyOf(form), { etag: tag })}
      latest={async () => (await query.refetch()).data?.etag}
      action="Correct the price"
      {...rest}
    />
  )
}

function Editor({
  title,
  description,
  draftKey,
  initial,
  etag = '',
  save,
  latest,
  action,
  onClose,
  outputs,
}: DrawerProps & {
  title: string
  description: React.ReactNode
  draftKey: string
  initial: PriceForm
  etag?: string
  save: (form: PriceForm, etag: string) => Promise<Price>
  /** Reads it again; its tag now. */
  latest?: () => Promise<string | undefined>
  action: string
}) {
  const formId = useId()
  const client = useQueryClient()
  const kept = useKeptForm(draftKey, initial, etag)
  const configurations = useQuery(configurationsQuery)
  const names = configurations.data?.items.map(({ name }) => name) ?? []
  const saving = useMutation({
    mutationFn: (tag: string) => save(kept.form, tag),
    onSuccess: async (price) => {
      kept.reset()
      onClose()
      toast(`${targetText(price)}: ${rateText(price)} since ${price.since}`)
      await pricesChanged(client)
    },
  })
  const missing = missingIn(kept.form)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (missing === undefined) saving.mutate(kept.etag)
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
  const footer = (
    <>
      {kept.isDirty && (
        <Button
          look="quiet"
          onClick={() => {
            kept.reset()
            onClose()
          }}
        >
          Discard
        </Button>
      )}
      <Button onClick={onClose}>Close</Button>
      <Button look="primary" type="submit" form={formId} busy={saving.isPending} disabled={missing !== undefined}>
        {action}
      </Button>
    </>
  )
  const error = saving.error instanceof ApiError ? saving.error : undefined
  return (
    <Dialog open onClose={onClose} title={title} description={description} place="side" footer={footer}>
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <PriceFields form={kept.form} set={kept.set} error={error} outputs={outputs} configurations={names} />
        {missing !== undefined && kept.isDirty && <p className="text-sm text-muted">{missing}</p>}
        <SaveProblem
          error={saving.error}
          what="this price"
          onReload={() => void reload()}
          onOverwrite={() => void overwrite()}
        />
      </form>
    </Dialog>
  )
}
