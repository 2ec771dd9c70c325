/** Adds a price, or corrects one. What was typed stays until it is saved or discarded. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Price } from '#contract/savings.ts'
import { send } from '#ui/api/client.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { pricesQuery } from '#ui/api/savings-queries.ts'
import { FormDialog, LoadingDrawer } from '#ui/kit/form-view.tsx'
import type { Fields } from '#ui/kit/merge.ts'
import { toast } from '#ui/kit/toast.tsx'
import { type KeptForm, useKeptForm, useNewForm } from '#ui/kit/use-kept-form.ts'
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
  const onSaved = useSaved(rest.onClose)
  const kept = useNewForm({
    key: `savings.price.new.${from.output ?? ''}`,
    initial: { ...newPrice(Date.now(), currency), ...from },
    save: (form) => send<Price>('POST', '/prices', bodyOf(form)),
    onSaved,
  })
  return (
    <Editor
      title="Set a price"
      description="What the contract for this output says. Money is computed with it from its first day on."
      kept={kept}
      action="Set the price"
      {...rest}
    />
  )
}

function Correction({ id, ...rest }: DrawerProps & { id: string }) {
  const query = useQuery(priceQuery(id))
  const onSaved = useSaved(rest.onClose)
  const kept = useKeptForm({
    key: `savings.price.${id}`,
    query,
    toForm: formOf,
    save: (form, etag) => send<Price>('PUT', `/prices/${encodeURIComponent(id)}`, bodyOf(form), { etag }),
    onSaved,
  })
  if (query.data === undefined || kept === undefined)
    return <LoadingDrawer title="Correct a price" query={query} onClose={rest.onClose} />
  return (
    <Editor
      title={`Correct the price of ${targetText(query.data.body)}`}
      description={
        <>
          A correction changes the past too: everything since its first day is counted anew. If the vendor has changed
          the price, close this and choose <b>New price from a day on</b>: then the past stays.
        </>
      }
      kept={kept}
      action="Correct the price"
      {...rest}
    />
  )
}

function useSaved(onClose: () => void): (price: Price) => void {
  const client = useQueryClient()
  return (price) => {
    onClose()
    toast(`${targetText(price)}: ${rateText(price)} since ${price.since}`)
    void pricesChanged(client)
  }
}

function Editor({
  title,
  description,
  kept,
  action,
  onClose,
  outputs,
}: DrawerProps & {
  title: string
  description: ReactNode
  kept: KeptForm<PriceForm>
  action: string
}) {
  const configurations = useQuery(configurationsQuery)
  const names = configurations.data?.items.map(({ name }) => name) ?? []
  const { form, change, errorAt } = kept
  return (
    <FormDialog
      kept={kept}
      words={wordsOf}
      onClose={onClose}
      title={title}
      description={description}
      place="side"
      action={action}
      missing={missingIn(form)}
    >
      <PriceFields form={form} set={change} errorAt={errorAt} outputs={outputs} configurations={names} />
    </FormDialog>
  )
}

function wordsOf(form: PriceForm): Fields {
  const body = bodyOf(form)
  return { 'Price of': targetText(body), Price: rateText(body), Since: body.since, Note: body.note }
}
