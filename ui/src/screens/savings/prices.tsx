/** The prices of outputs: what holds since when, and what one can do with each. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { MoreHorizontal, Plus } from 'lucide-react'
import { useState } from 'react'
import type { Price } from '#contract/savings.ts'
import { deleteAsShown } from '#ui/api/as-shown.ts'
import { useCan } from '#ui/api/queries.ts'
import { pricesQuery } from '#ui/api/savings-queries.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { money } from '#ui/kit/format.ts'
import { Menu } from '#ui/kit/menu.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { rateText, targetText } from '#ui/screens/savings/figures.ts'
import type { PriceDrawerState } from '#ui/screens/savings/price-drawer.tsx'
import { formOf } from '#ui/screens/savings/price-form.ts'
import { pricesChanged } from '#ui/screens/savings/queries.ts'
import { dayOf } from '#ui/screens/savings/span.ts'

export function Prices({ onEdit }: { onEdit: (state: PriceDrawerState) => void }) {
  const query = useQuery(pricesQuery)
  const client = useQueryClient()
  const mayEdit = useCan('edit')
  const [going, setGoing] = useState<Price>()
  const remove = async (price: Price) => {
    await deleteAsShown(`/prices/${encodeURIComponent(price.id)}`, price)
    await pricesChanged(client)
    toast(`The price of ${targetText(price)} is deleted`)
  }
  const add = mayEdit && (
    <Button icon={Plus} onClick={() => onEdit({ kind: 'new' })}>
      Add a price
    </Button>
  )
  return (
    <Card
      flush
      title="Prices"
      hint="What your contracts say. One for an output counts before one for its type; the latest that has begun holds."
      actions={add || <Needs permission="edit" to="change prices" />}
    >
      <QueryView
        query={query}
        isEmpty={(prices) => prices.length === 0}
        empty={
          <Empty title="No price yet" action={add}>
            Savings show in bytes and records. Give the price of an output, and they show in money too, the past
            included.
          </Empty>
        }
      >
        {(prices) => (
          <Table
            label="Prices of outputs"
            rows={prices}
            rowKey={({ id }) => id}
            columns={[...columns, ...(mayEdit ? [menuColumn(onEdit, setGoing)] : [])]}
          />
        )}
      </QueryView>
      <Confirm
        open={going !== undefined}
        onClose={() => setGoing(undefined)}
        title={going === undefined ? '' : `Delete the price of ${targetText(going)}?`}
        action="Delete the price"
        run={() => remove(going!)}
      >
        {going !== undefined && (
          <p>
            {rateText(going)} since {going.since}. All money that was counted with it, in the past too, is counted with
            the price before it, or not at all where there is none.
          </p>
        )}
      </Confirm>
    </Card>
  )
}

const columns: Column<Price>[] = [
  { id: 'target', header: 'Output', width: 'minmax(11rem, 2fr)', cell: targetText, sort: targetText },
  {
    id: 'gb',
    header: 'For bytes',
    width: 'minmax(8rem, 1fr)',
    align: 'right',
    cell: (it) => (it.per_gb === null ? '–' : `${money(it.per_gb, it.currency)} / ${it.unit}`),
  },
  {
    id: 'events',
    header: 'For a million events',
    width: 'minmax(9rem, 1fr)',
    align: 'right',
    cell: (it) => (it.per_million_events === null ? '–' : money(it.per_million_events, it.currency)),
  },
  { id: 'since', header: 'Since (UTC)', width: '7rem', cell: ({ since }) => since, sort: ({ since }) => since },
  {
    id: 'note',
    header: 'Note',
    width: 'minmax(8rem, 2fr)',
    cell: ({ note }) => <span title={note}>{note}</span>,
  },
  {
    id: 'updated',
    header: 'Changed',
    width: 'minmax(9rem, 1fr)',
    cell: (it) => (
      <span className="text-muted">
        <Ago at={it.updated_at} /> by {it.updated_by}
      </span>
    ),
    sort: ({ updated_at }) => updated_at,
  },
]

function menuColumn(onEdit: (state: PriceDrawerState) => void, onDelete: (price: Price) => void): Column<Price> {
  return {
    id: 'menu',
    header: <span className="sr-only">What to do</span>,
    width: '2.5rem',
    align: 'right',
    cell: (price) => (
      <Menu
        trigger={
          <IconButton
            label={`What to do with the price of ${targetText(price)} since ${price.since}`}
            icon={MoreHorizontal}
          />
        }
        items={[
          {
            label: 'New price from a day on',
            note: 'The past keeps this one',
            run: () => onEdit({ kind: 'new', from: { ...formOf(price), since: dayOf(Date.now()), note: '' } }),
          },
          { label: 'Correct it', note: 'And with it the past', run: () => onEdit({ kind: 'correct', id: price.id }) },
          { label: 'Delete', danger: true, run: () => onDelete(price) },
        ]}
      />
    ),
  }
}
