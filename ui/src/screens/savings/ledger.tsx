/** The same savings three times: by rule, by service, by output. A row opens how its figures came about. */
import { Sigma } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Money, Savings } from '#contract/savings.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { bytes, count, exact, money } from '#ui/kit/format.ts'
import { Table } from '#ui/kit/table.tsx'
import { Tooltip } from '#ui/kit/tooltip.tsx'
import { type Explanation, explainOutput, explainRule, explainService } from '#ui/screens/savings/explain.ts'
import { rateText, ruleName, serviceName } from '#ui/screens/savings/figures.ts'

type ByRule = Savings['by_rule'][number]
type ByOutput = Savings['by_output'][number]
type ByService = Savings['by_service'][number]

interface LedgerProps {
  total: Savings
  onExplain: (explanation: Explanation) => void
}

const NAME = 'minmax(11rem, 2fr)'
const AMOUNT = 'minmax(6rem, 1fr)'

export function RuleLedger({ total, onExplain }: LedgerProps) {
  return (
    <Table
      label="Saved by rule"
      rows={total.by_rule}
      rowKey={(rule) => [rule.configuration, rule.pipeline, rule.what, rule.rule, rule.type].join('\n')}
      onOpen={(rule) => onExplain(explainRule(rule, total))}
      columns={[
        { id: 'rule', header: 'Rule', width: NAME, cell: ruleName, sort: ruleName },
        { id: 'type', header: 'Type', width: AMOUNT, cell: ({ type }) => type ?? '–', sort: ({ type }) => type ?? '' },
        {
          id: 'pipeline',
          header: 'Pipeline',
          width: AMOUNT,
          cell: ({ pipeline }) => pipeline,
          sort: (it) => it.pipeline,
        },
        ...amountColumns<ByRule>(total),
        explainColumn<ByRule>((rule) => onExplain(explainRule(rule, total)), ruleName),
      ]}
    />
  )
}

export function ServiceLedger({ total, onExplain }: LedgerProps) {
  const nameOf = ({ service }: ByService) => serviceName(service)
  return (
    <Table
      label="Saved by service, estimated"
      rows={total.by_service}
      rowKey={({ service }) => service}
      onOpen={(service) => onExplain(explainService(service, total))}
      columns={[
        { id: 'service', header: 'Service', width: NAME, cell: nameOf, sort: nameOf },
        {
          id: 'samples',
          header: 'Estimated from',
          width: 'minmax(9rem, 1fr)',
          cell: ({ samples }) => (
            <Badge tone="neutral" title="Each sampled record stands for its share of what was counted">
              {exact(samples)} {samples === 1 ? 'sample' : 'samples'}
            </Badge>
          ),
          sort: ({ samples }) => samples,
        },
        ...amountColumns<ByService>(total),
        explainColumn<ByService>((service) => onExplain(explainService(service, total)), nameOf),
      ]}
    />
  )
}

export function OutputLedger({ total, onExplain, onPrice }: LedgerProps & { onPrice?: (output: ByOutput) => void }) {
  return (
    <Table
      label="Saved by output"
      rows={total.by_output}
      rowKey={({ configuration, output }) => `${configuration}\n${output}`}
      onOpen={(output) => onExplain(explainOutput(output))}
      columns={[
        { id: 'output', header: 'Output', width: NAME, cell: ({ output }) => output, sort: ({ output }) => output },
        { id: 'type', header: 'Type', width: AMOUNT, cell: ({ type }) => type, sort: ({ type }) => type },
        {
          id: 'price',
          header: 'Price used',
          width: 'minmax(18rem, 3fr)',
          cell: (output) => <PriceUsed output={output} onPrice={onPrice} />,
        },
        ...amountColumns<ByOutput>(total),
        explainColumn<ByOutput>(
          (output) => onExplain(explainOutput(output)),
          ({ output }) => output,
        ),
      ]}
    />
  )
}

function PriceUsed({ output, onPrice }: { output: ByOutput; onPrice: ((output: ByOutput) => void) | undefined }) {
  const { prices } = output
  const last = prices.at(-1)
  if (last === undefined)
    return onPrice === undefined ? (
      <Badge tone="warn">No price</Badge>
    ) : (
      <Button className="text-xs" onClick={() => onPrice(output)}>
        Set a price<span className="sr-only"> for {output.output}</span>
      </Button>
    )
  const list = prices.map((price) => `${rateText(price)} since ${price.since}`)
  return (
    <Tooltip
      text={
        <>
          <p>bytes × price per {last.unit} + records × price per million, at the price of each day</p>
          {list.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </>
      }
    >
      <span>
        {rateText(last)}
        <span className="text-muted">
          {' '}
          since {last.since}
          {prices.length > 1 && `, and ${prices.length - 1} before`}
        </span>
      </span>
    </Tooltip>
  )
}

/** Bytes, records, and one column for each currency. */
function amountColumns<Row extends { saved: Savings['saved']; money: Money }>(total: Savings) {
  return [
    {
      id: 'bytes',
      header: 'Bytes',
      width: AMOUNT,
      align: 'right' as const,
      cell: ({ saved }: Row) => bytes(Math.round(saved.bytes)),
      sort: ({ saved }: Row) => saved.bytes,
    },
    {
      id: 'records',
      header: 'Records',
      width: AMOUNT,
      align: 'right' as const,
      cell: ({ saved }: Row) => count(Math.round(saved.records)),
      sort: ({ saved }: Row) => saved.records,
    },
    ...total.money.map(({ currency }) => ({
      id: currency,
      header: currency,
      width: AMOUNT,
      align: 'right' as const,
      cell: (row: Row) => amountOf(row.money, currency, (amount) => money(amount, currency), '–'),
      sort: (row: Row) => amountOf(row.money, currency, (amount) => amount, 0),
    })),
  ]
}

function amountOf<Found, None>(amounts: Money, currency: string, found: (amount: number) => Found, none: None) {
  const one = amounts.find((entry) => entry.currency === currency)
  return one === undefined ? none : found(one.amount)
}

function explainColumn<Row>(run: (row: Row) => void, nameOf: (row: Row) => string) {
  return {
    id: 'explain',
    header: <span className="sr-only">Explain</span>,
    width: '6.5rem',
    align: 'right' as const,
    cell: (row: Row): ReactNode => (
      <Button look="quiet" icon={Sigma} className="px-2 text-xs" onClick={() => run(row)}>
        Explain<span className="sr-only"> {nameOf(row)}</span>
      </Button>
    ),
  }
}
