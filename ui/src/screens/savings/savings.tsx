/** What rules have saved: this month at a glance, day by day, and the ledger behind it. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { SavingsAnswer, SavingsSummary } from '#contract/savings.ts'
import { configurationsQuery, useCan } from '#ui/api/queries.ts'
import { savingsSummaryQuery } from '#ui/api/savings-queries.ts'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { download } from '#ui/kit/download.ts'
import { SelectField } from '#ui/kit/field.tsx'
import { bytes, count, money, percent } from '#ui/kit/format.ts'
import { Page } from '#ui/kit/page.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { useNow } from '#ui/kit/time.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { BucketChart } from '#ui/screens/savings/bucket-chart.tsx'
import { stackOf } from '#ui/screens/savings/buckets.ts'
import type { Explanation } from '#ui/screens/savings/explain.ts'
import { ExplainDialog } from '#ui/screens/savings/explain-dialog.tsx'
import { OutputLedger, RuleLedger, ServiceLedger } from '#ui/screens/savings/ledger.tsx'
import { ledgerCsv } from '#ui/screens/savings/ledger-csv.ts'
import { PriceDrawer, type PriceDrawerState } from '#ui/screens/savings/price-drawer.tsx'
import { Prices } from '#ui/screens/savings/prices.tsx'
import { ledgerQuery } from '#ui/screens/savings/queries.ts'
import { type SavingsSearch, savingsRoute } from '#ui/screens/savings/route.ts'
import { dayOf, SPAN_DEFAULT, type Span, spans, spanWords, stretchOf } from '#ui/screens/savings/span.ts'
import { Tiles } from '#ui/screens/savings/tiles.tsx'
import { Unpriced } from '#ui/screens/savings/unpriced.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'

const NO_OFFER: never[] = []

export function Savings() {
  const search = savingsRoute.useSearch()
  const navigate = useNavigate({ from: '/savings' })
  const named = useConfiguration()
  const configuration = search.all ? undefined : named
  const stretch = stretchOf(search.span ?? SPAN_DEFAULT, useNow())
  const ledger = useQuery(ledgerQuery(configuration, stretch))
  const summary = useQuery(savingsSummaryQuery(configuration))
  const configurations = useQuery(configurationsQuery)
  const [explanation, setExplanation] = useState<Explanation>()
  const [pricing, setPricing] = useState<PriceDrawerState>()
  const offer = useMemo(
    () => [{ id: 'savings.price', label: 'Set a price', run: () => setPricing({ kind: 'new' }) }],
    [],
  )
  useOffer(useCan('edit') ? offer : NO_OFFER)
  const go = (patch: SavingsSearch) => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true })
  const exportCsv = ({ total, ...rest }: SavingsAnswer) =>
    download(`savings-${dayOf(total.from)}-${dayOf(total.to)}.csv`, 'text/csv', ledgerCsv({ total, ...rest }))
  return (
    <Page
      title="Savings"
      intro="What rules have kept from being sent, in bytes and records always, in money where an output has a price."
      actions={
        <>
          {(configurations.data?.items.length ?? 0) > 1 && (
            <SelectField
              label="Which configurations"
              hiddenLabel
              value={search.all ? 'all' : 'one'}
              onChange={({ target: { value } }) =>
                void navigate({
                  search: ({ all: _, ...old }) => (value === 'all' ? { ...old, all: true as const } : old),
                  replace: true,
                })
              }
              options={[
                { value: 'one', label: `Only ${named}` },
                { value: 'all', label: 'All configurations' },
              ]}
            />
          )}
          <SelectField
            label="Time range"
            hiddenLabel
            value={search.span ?? SPAN_DEFAULT}
            onChange={(event) => go({ span: event.target.value as Span })}
            options={spans.map((value) => ({ value, label: spanWords[value] }))}
          />
          <Button
            icon={Download}
            disabled={ledger.data === undefined}
            onClick={() => ledger.data !== undefined && exportCsv(ledger.data)}
          >
            Export CSV
          </Button>
        </>
      }
    >
      <QueryView query={summary}>
        {(month) => (
          <QueryView query={ledger} lines={8}>
            {(answer) => (
              <Content
                summary={month}
                summaryAt={summary.dataUpdatedAt}
                answer={answer}
                by={stretch.by}
                configuration={configuration}
                onExplain={setExplanation}
                onPrice={setPricing}
              />
            )}
          </QueryView>
        )}
      </QueryView>
      <ExplainDialog shown={explanation} onClose={() => setExplanation(undefined)} />
      <PriceDrawer state={pricing} onClose={() => setPricing(undefined)} outputs={ledger.data?.total.by_output ?? []} />
    </Page>
  )
}

function Content({
  summary,
  summaryAt,
  answer,
  by,
  configuration,
  onExplain,
  onPrice,
}: {
  summary: SavingsSummary
  summaryAt: number
  answer: SavingsAnswer
  by: 'day' | 'month'
  configuration: string | undefined
  onExplain: (explanation: Explanation) => void
  onPrice: (state: PriceDrawerState) => void
}) {
  const { view = 'rules' } = savingsRoute.useSearch()
  const navigate = useNavigate({ from: '/savings' })
  const mayEdit = useCan('edit')
  const month = useQuery(ledgerQuery(configuration, stretchOf('month', summaryAt)))
  const { total } = answer
  const priceOf = (output?: { configuration: string; output: string }) =>
    onPrice({ kind: 'new', ...(output !== undefined && { from: { output: output.output } }) })
  const onPriceOf = mayEdit ? { onPrice: priceOf } : {}
  const ledger = (content: React.ReactNode) => (
    <Card flush>{total.saved.bytes === 0 && total.saved.records === 0 ? <NothingSaved total={total} /> : content}</Card>
  )
  return (
    <>
      <Tiles
        summary={summary}
        summaryAt={summaryAt}
        total={total}
        month={month.data?.total}
        onExplain={onExplain}
        onPrice={mayEdit ? () => priceOf(summary.unpriced[0]) : undefined}
      />
      <Unpriced outputs={summary.unpriced} onPrice={mayEdit ? priceOf : undefined} />
      <Course answer={answer} by={by} />
      <Tabs
        label="The ledger"
        value={view}
        onChange={(id) =>
          void navigate({
            search: (old) => ({ ...old, view: id as NonNullable<SavingsSearch['view']> }),
            replace: true,
          })
        }
        tabs={[
          { id: 'rules', label: 'By rule', content: ledger(<RuleLedger total={total} onExplain={onExplain} />) },
          {
            id: 'services',
            label: 'By service',
            content: ledger(
              <>
                <p className="px-4 pt-3 text-xs text-muted">
                  Estimated from samples. The parts are scaled to what was counted, so they add up to the whole.
                </p>
                <ServiceLedger total={total} onExplain={onExplain} />
              </>,
            ),
          },
          {
            id: 'outputs',
            label: 'By output',
            content: ledger(<OutputLedger total={total} onExplain={onExplain} {...onPriceOf} />),
          },
          { id: 'prices', label: 'Prices', content: <Prices onEdit={onPrice} /> },
        ]}
      />
    </>
  )
}

/** Day by day or month by month. */
function Course({ answer: { total, buckets }, by }: { answer: SavingsAnswer; by: 'day' | 'month' }) {
  const { measure: asked } = savingsRoute.useSearch()
  const navigate = useNavigate({ from: '/savings' })
  const measures = ['bytes', 'records', ...total.money.map(({ currency }) => currency)]
  const measure = measures.includes(asked ?? '') ? asked! : (total.money[0]?.currency ?? 'bytes')
  const format = (value: number) =>
    measure === 'bytes' ? bytes(value) : measure === 'records' ? count(value) : money(value, measure)
  const share = total.in.bytes === 0 ? '' : `, ${percent(total.saved.bytes / total.in.bytes)} of the bytes that came in`
  const words: Record<string, string> = { bytes: 'Bytes', records: 'Records' }
  return (
    <Card
      title={by === 'day' ? 'Saved day by day' : 'Saved month by month'}
      hint="Days are those of UTC."
      actions={
        <SelectField
          label="Shown in"
          hiddenLabel
          value={measure}
          onChange={({ target: { value } }) =>
            void navigate({ search: (old) => ({ ...old, measure: value }), replace: true })
          }
          options={measures.map((value) => ({ value, label: words[value] ?? `Money in ${value}` }))}
        />
      }
    >
      <BucketChart
        stack={stackOf(buckets, by, measure)}
        format={format}
        title={by === 'day' ? 'Saved day by day' : 'Saved month by month'}
        summary={`${bytes(total.saved.bytes)} and ${count(total.saved.records)} records saved${share}.`}
      />
    </Card>
  )
}

function NothingSaved({ total }: { total: SavingsAnswer['total'] }) {
  if (total.in.records === 0)
    return (
      <Empty
        title="Nothing has come in during this time"
        action={<ButtonLink to="/">See how to send a line</ButtonLink>}
      >
        As soon as records go through a pipeline, what its rules take away shows here within ten seconds.
      </Empty>
    )
  return (
    <Empty title="No rule has taken anything away" action={<ButtonLink to="/rules">Go to the rules</ButtonLink>}>
      {count(total.in.records)} records came in and all of them went on. A rule that drops, samples or merges some saves
      what they would have cost.
    </Empty>
  )
}
