/** What a month of such traffic costs, output by output, and by which price. */
import type { Receipt } from '#contract/receipt.ts'
import { money } from '#ui/kit/format.ts'
import { Figure, FigureTable } from '#ui/screens/publish/figure-table.tsx'
import { Section } from '#ui/screens/publish/receipt-section.tsx'
import { between } from '#ui/screens/publish/receipt-words.ts'

export function Money({ receipt }: { receipt: Receipt }) {
  const { outputs, unpriced } = receipt.money
  if (outputs.length + unpriced.length === 0) return null
  return (
    <Section title="Cost a month">
      <MoneyTable receipt={receipt} />
      {unpriced.length > 0 && <p className="text-xs text-muted">Outputs without a price: {unpriced.join(', ')}</p>}
    </Section>
  )
}

function MoneyTable({ receipt: { money: costs } }: { receipt: Receipt }) {
  if (costs.outputs.length === 0) return null
  const rows = costs.outputs.map(
    ({ output, currency, per_gb: perGb, per_million_events: perMillion, since, live, candidate, difference }) => {
      const amount = (value: number) => money(value, currency)
      const signed = (value: number) => (value > 0 ? `+${amount(value)}` : amount(value).replace('-', '−'))
      const prices = [
        ...(perGb === 0 ? [] : [`${amount(perGb)} a GB`]),
        ...(perMillion === 0 ? [] : [`${amount(perMillion)} a million records`]),
      ]
      return {
        key: `${output} ${currency}`,
        cells: [
          output,
          `${prices.join(' and ') || 'free'}, since ${new Date(since).toISOString().slice(0, 10)}`,
          amount(live.value),
          <Figure key="candidate" text={between(candidate, amount)} />,
          <Figure key="difference" text={between(difference, signed)} />,
        ],
      }
    },
  )
  const columns = ['Output', 'Price', 'Today', 'Then', 'Difference']
  return <FigureTable label="Cost a month by output" columns={columns} rows={rows} textColumns={2} />
}
