/** Money saved this month, and how that is reckoned; without a price, what was taken off, and where to set one. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleHelp } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Money, SavingsSummary } from '#contract/savings.ts'
import { pricesQuery, savingsSummaryQuery } from '#ui/api/savings-queries.ts'
import { IconButton, textLink } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { bytes, money } from '#ui/kit/format.ts'
import { Stat } from '#ui/kit/stat.tsx'
import { QueryView } from '#ui/kit/states.tsx'

const LABEL = 'Saved this month'
const AMOUNTS_MAX = 2

export function SavedTile({ configuration }: { configuration: string }) {
  const { data, isError } = useQuery(savingsSummaryQuery(configuration))
  const [open, setOpen] = useState(false)
  if (data === undefined) return <Stat label={LABEL} value="–" note={isError ? 'not available' : 'loading'} />
  return (
    <div className="relative grid min-w-0">
      <Stat label={LABEL} {...wordsFor(data)} link={{ to: '/savings' }} />
      <div className="absolute top-1 right-1 rounded-md bg-panel">
        <IconButton label="How the savings are reckoned" icon={CircleHelp} onClick={() => setOpen(true)} />
      </div>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title="How the savings are reckoned"
        description={data.formula}
      >
        <Prices summary={data} />
      </Dialog>
    </div>
  )
}

function wordsFor({ money: amounts, per_day: perDay, saved }: SavingsSummary): { value: ReactNode; note: string } {
  if (amounts.length === 0) return { value: 'Set a price', note: `${bytes(saved.bytes)} taken off this month` }
  return {
    value: <Amounts amounts={amounts} />,
    note: perDay.length === 0 ? 'no day is over yet' : `${perDay.map(text).join(' + ')} / day`,
  }
}

/** Currencies are never added. Two of them stand in little more than the room of one; more are on the screen behind. */
function Amounts({ amounts }: { amounts: Money }) {
  if (amounts.length === 1) return amounts.map(text)
  const rest = amounts.length - AMOUNTS_MAX
  return (
    <span className="block text-base leading-5">
      {amounts.slice(0, AMOUNTS_MAX).map((amount, index) => (
        <span key={amount.currency} className="block truncate">
          {text(amount)}
          {rest > 0 && index === AMOUNTS_MAX - 1 && <span className="text-xs font-normal"> and {rest} more</span>}
        </span>
      ))}
    </span>
  )
}

function text({ amount, currency }: Money[number]): string {
  return money(amount, currency)
}

function Prices({ summary: { unpriced, money: amounts } }: { summary: SavingsSummary }) {
  const prices = useQuery(pricesQuery)
  return (
    <div className="flex flex-col gap-3 text-sm">
      <QueryView query={prices} lines={2}>
        {(all) =>
          all.length === 0 ? (
            <p>
              No price is set, so {amounts.length === 0 ? 'there is no amount' : 'amounts are of before'}. A price is
              what your contract says.
            </p>
          ) : (
            <ul aria-label="Prices" className="flex flex-col gap-1">
              {all.map((price) => (
                <li key={price.id}>
                  <span className="font-medium">{price.output ?? `every ${price.output_type}`}</span>:{' '}
                  {[
                    price.per_gb !== null && `${money(price.per_gb, price.currency)} per ${price.unit}`,
                    price.per_million_events !== null &&
                      `${money(price.per_million_events, price.currency)} per million records`,
                  ]
                    .filter((part) => part !== false)
                    .join(', ')}{' '}
                  <span className="text-muted">since {price.since}</span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {unpriced.length > 0 && (
        <p>Without a price, and not counted: {unpriced.map(({ output }) => output).join(', ')}.</p>
      )}
      <p>
        <Link to="/savings" className={textLink}>
          Savings by rule, service and output; prices
        </Link>
      </p>
    </div>
  )
}
