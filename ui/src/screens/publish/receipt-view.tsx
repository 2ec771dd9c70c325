/** An impact receipt, read from top to bottom: what matters in sentences, then the tables it rests on. */
import { CircleAlert, CircleCheck, Info, type LucideIcon, OctagonAlert } from 'lucide-react'
import type { GroupEffect, Receipt } from '#contract/receipt.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { cx } from '#ui/kit/cx.ts'
import { bytes } from '#ui/kit/format.ts'
import { Ago } from '#ui/kit/time.tsx'
import { Figure, FigureTable } from '#ui/screens/publish/figure-table.tsx'
import { Money } from '#ui/screens/publish/money.tsx'
import { OutBars } from '#ui/screens/publish/out-bars.tsx'
import { headlineOf } from '#ui/screens/publish/receipt-headline.ts'
import { Section } from '#ui/screens/publish/receipt-section.tsx'
import {
  between,
  losing,
  nsText,
  records,
  type Sentence,
  sampleWords,
  sentencesOf,
  shareOf,
  totalRows,
  uncovered,
} from '#ui/screens/publish/receipt-words.ts'

const looks: Record<Sentence['tone'], { icon: LucideIcon; look: string }> = {
  bad: { icon: OctagonAlert, look: 'bg-bad-soft text-bad font-medium' },
  warn: { icon: CircleAlert, look: 'bg-warn-soft text-warn' },
  ok: { icon: CircleCheck, look: 'bg-ok-soft text-ok' },
  info: { icon: Info, look: 'bg-raised' },
}

export function ReceiptView({ receipt }: { receipt: Receipt }) {
  return (
    <div className="flex min-w-0 flex-col gap-5">
      <HeadlineText receipt={receipt} />
      <ul aria-label="In short" className="flex flex-col gap-1.5">
        {sentencesOf(receipt).map((sentence) => (
          <SentenceLine key={sentence.text} sentence={sentence} />
        ))}
      </ul>
      {receipt.sample.records > 0 && <Totals receipt={receipt} />}
      <Money receipt={receipt} />
      <LostErrors receipt={receipt} />
      <Redactions receipt={receipt} />
      <VanishedFields receipt={receipt} />
      <Rules receipt={receipt} />
      <div className="grid gap-5 empty:hidden xl:grid-cols-2">
        <Groups title="Services that lose records" groups={receipt.services} name="Service" />
        <Groups title="Severities that lose records" groups={receipt.severities} name="Severity" />
      </div>
      <Cpu receipt={receipt} />
      <NotCovered receipt={receipt} />
      <Basis receipt={receipt} />
    </div>
  )
}

/** What a manager reads. */
function HeadlineText({ receipt }: { receipt: Receipt }) {
  const headline = headlineOf(receipt)
  if (headline === undefined) return null
  return (
    <p className={cx('-mb-2 max-w-4xl text-lg leading-snug font-semibold', headline.isBad && 'text-bad')}>
      {headline.text}
    </p>
  )
}

function SentenceLine({ sentence: { tone, text } }: { sentence: Sentence }) {
  const { icon: Icon, look } = looks[tone]
  return (
    <li className={cx('flex items-start gap-2 rounded-md px-3 py-1.5', look)}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 break-words">{text}</span>
    </li>
  )
}

function Totals({ receipt }: { receipt: Receipt }) {
  const rows = totalRows(receipt).map((row) => ({
    key: row.label,
    cells: [
      row.label,
      row.in,
      row.live,
      <Figure key="candidate" text={row.candidate} />,
      <Figure key="difference" text={row.difference} />,
      row.share,
    ],
  }))
  return (
    <Section title="In and out" hint="Of the sample's traffic, and of a month of it; in brackets: 95 % bounds.">
      <OutBars receipt={receipt} />
      <FigureTable label="In and out" columns={['', 'In', 'Out today', 'Out then', 'Difference', '']} rows={rows} />
    </Section>
  )
}

function LostErrors({ receipt: { lost_errors: errors } }: { receipt: Receipt }) {
  if (errors.sampled === 0) return null
  const rows = errors.by_rule.map(({ pipeline, rule, records: lost }) => ({
    key: `${pipeline}/${rule}`,
    cells: [rule, pipeline, <Figure key="lost" text={between(lost, records)} />],
  }))
  return (
    <Section title="Lost errors" tone="bad" hint="Records of severity error or above that go on today and would end.">
      <FigureTable label="Lost errors" columns={['Rule', 'Pipeline', 'Records']} rows={rows} textColumns={2} />
    </Section>
  )
}

function Redactions({ receipt }: { receipt: Receipt }) {
  if (receipt.redactions.length === 0) return null
  const rows = receipt.redactions.map(({ pipeline, rule, kinds, change, live, candidate, covered, unprovable }) => ({
    key: `${pipeline}/${rule}`,
    cells: [
      rule,
      kinds.join(', ') || 'not known here',
      change,
      live === null ? '–' : records(live.value),
      candidate === null ? 'cannot be told' : <Figure key="candidate" text={between(candidate, records)} />,
      covered ? (
        <Badge key="covered" tone="ok">
          Covered
        </Badge>
      ) : (
        <Badge key="covered" tone="bad">
          Not surely redacted: {between(unprovable, records)}
        </Badge>
      ),
    ],
  }))
  const columns = ['Rule', 'Takes out', 'Change', 'Today', 'Then', '']
  return (
    <Section title="Redactions" {...(uncovered(receipt).length > 0 && { tone: 'bad' as const })}>
      <FigureTable label="Redactions" columns={columns} rows={rows} textColumns={3} />
    </Section>
  )
}

function VanishedFields({ receipt: { vanished_fields: fields } }: { receipt: Receipt }) {
  if (fields.length === 0) return null
  const rows = fields.map(({ pipeline, path, records: gone }) => ({
    key: `${pipeline}/${path}`,
    cells: [<code key="path">{path}</code>, pipeline, <Figure key="gone" text={between(gone, records)} />],
  }))
  return (
    <Section title="Fields that vanish" hint="Records leave with them today, and would not any more.">
      <FigureTable label="Fields that vanish" columns={['Field', 'Pipeline', 'Records']} rows={rows} textColumns={2} />
    </Section>
  )
}

function Rules({ receipt: { rules } }: { receipt: Receipt }) {
  if (rules.length === 0) return null
  const rows = rules.map(({ pipeline, id, type, change, ended, edited, errors }) => ({
    key: `${pipeline}/${id}`,
    cells: [
      <span key="id">
        <code className="font-mono">{id}</code> <span className="text-muted">{type}</span>
      </span>,
      change,
      ended.live === null ? '–' : records(ended.live.records.value),
      ended.candidate === null ? (
        '–'
      ) : (
        <Figure key="ended.candidate.records" text={between(ended.candidate.records, records)} />
      ),
      edited.candidate === null ? '–' : <Figure key="edited.candidate" text={between(edited.candidate, records)} />,
      errors === 0 ? (
        '0'
      ) : (
        <span key="errors" className="font-medium text-bad">
          {records(errors)} in the sample
        </span>
      ),
    ],
  }))
  const columns = ['Rule', 'Change', 'Ends today', 'Ends then', 'Edits then', 'Failures']
  return (
    <Section title="Rules">
      <FigureTable label="Rules" columns={columns} rows={rows} textColumns={2} />
    </Section>
  )
}

function Groups({ title, groups, name }: { title: string; groups: readonly GroupEffect[]; name: string }) {
  const shown = losing(groups)
  if (shown.length === 0) return null
  const rows = shown.map(({ name: group, out }) => ({
    key: group,
    cells: [
      group,
      records(out.live.records.value),
      <Figure key="out.candidate.records" text={between(out.candidate.records, records)} />,
      shareOf(out.live.records, out.difference.records),
      bytes(out.difference.bytes.value).replace('-', '−'),
    ],
  }))
  return (
    <Section title={title}>
      <FigureTable label={title} columns={[name, 'Out today', 'Out then', 'Records', 'Bytes']} rows={rows} />
    </Section>
  )
}

function Cpu({ receipt: { cpu } }: { receipt: Receipt }) {
  if (cpu.length === 0) return null
  const rows = cpu.map(({ pipeline, live_ns_per_record: live, candidate_ns_per_record: then }) => ({
    key: pipeline,
    cells: [pipeline, nsText(live), nsText(then)],
  }))
  return (
    <Section title="CPU time of the rules" hint="A record, on the machine that replayed the sample.">
      <FigureTable label="CPU time of the rules" columns={['Pipeline', 'Today', 'Then']} rows={rows} />
    </Section>
  )
}

function NotCovered({ receipt: { not_covered: gaps } }: { receipt: Receipt }) {
  if (gaps.length === 0) return null
  return (
    <Section title="Not covered" hint="What the receipt cannot tell, and why.">
      <ul className="list-disc pl-5 text-sm">
        {gaps.map(({ kind, subject, reason }) => (
          <li key={`${kind} ${subject}`} className="break-words">
            <span className="font-medium">{subject}</span>: {reason}
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Basis({ receipt }: { receipt: Receipt }) {
  const { gateways } = receipt.sample
  return (
    <div className="flex flex-col gap-1 text-xs text-muted">
      <p>
        Made <Ago at={receipt.made_at} /> from {sampleWords(receipt)}.
        {gateways.answered < gateways.asked && ` ${gateways.asked - gateways.answered} did not answer.`}
      </p>
      <details>
        <summary className="min-h-6 cursor-pointer">How it is reckoned</summary>
        <p className="max-w-4xl pt-1">{receipt.method.statement}</p>
      </details>
    </div>
  )
}
