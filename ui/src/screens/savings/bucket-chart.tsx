/** Columns for days or months, stacked by kind. A sentence says what they show, and a table has the same figures. */
import { useState } from 'react'
import { ChartCaption } from '#ui/kit/chart-caption.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import { Table } from '#ui/kit/table.tsx'
import type { Bucket, Stack } from '#ui/screens/savings/buckets.ts'

const TICKS = [1, 0.5, 0]

export function BucketChart({
  stack: { buckets, kinds, top },
  format,
  title,
  summary,
}: {
  stack: Stack
  format: (value: number) => string
  title: string
  summary: string
}) {
  const [at, setAt] = useState<number>()
  const [tableOpen, setTableOpen] = useState(false)
  const shown = at === undefined ? undefined : buckets[at]
  const every = Math.ceil(buckets.length / 8)
  return (
    <figure className="flex min-w-0 flex-col gap-2">
      <div aria-hidden className="flex gap-2 pt-3" onPointerLeave={() => setAt(undefined)}>
        <div className="flex h-52 w-16 shrink-0 flex-col justify-between text-right text-xs text-muted">
          {TICKS.map((share) => (
            <span key={share} className="-my-2">
              {format(top * share)}
            </span>
          ))}
        </div>
        <div className="relative min-w-0 flex-1">
          <div className="absolute inset-x-0 top-0 flex h-52 flex-col justify-between">
            {TICKS.map((share) => (
              <span key={share} className="h-px bg-line" />
            ))}
          </div>
          <div className="relative flex h-52 gap-0.5">
            {buckets.map((bucket, index) => (
              <div
                key={bucket.from}
                onPointerEnter={() => setAt(index)}
                className={cx('flex min-w-0 flex-1 flex-col justify-end rounded-t-sm', at === index && 'bg-raised')}
              >
                {bucket.values.map((value, kind) => (
                  <div
                    key={kinds[kind]!.label}
                    className="mx-auto w-full max-w-16"
                    style={{ height: `${(value / top) * 100}%`, background: kinds[kind]!.color }}
                  />
                ))}
              </div>
            ))}
          </div>
          <div className="flex gap-0.5 pt-1 text-xs text-muted">
            {buckets.map((bucket, index) => (
              <span key={bucket.from} className="h-4 min-w-0 flex-1 overflow-visible whitespace-nowrap">
                {index % every === 0 && buckets.length - index >= every / 2 && (
                  <span className={cx(index % (2 * every) !== 0 && 'max-sm:hidden')}>{bucket.short}</span>
                )}
              </span>
            ))}
          </div>
          {shown !== undefined && <Readout bucket={shown} kinds={kinds} format={format} />}
        </div>
      </div>
      <ChartCaption title={title} summary={summary} series={kinds} onTable={() => setTableOpen(true)} />
      <Dialog open={tableOpen} onClose={() => setTableOpen(false)} title={title} description={summary} wide>
        <Table
          label={title}
          rows={[...buckets].reverse()}
          rowKey={(bucket) => String(bucket.from)}
          rowHeight={32}
          maxHeight="50vh"
          columns={[
            { id: 'at', header: 'Time (UTC)', cell: (bucket) => bucket.name, width: 'minmax(8rem, 1fr)' },
            ...kinds.map(({ label }, kind) => ({
              id: label,
              header: label,
              align: 'right' as const,
              cell: (bucket: Bucket) => format(bucket.values[kind] ?? 0),
            })),
            { id: 'net', header: 'Saved', align: 'right', cell: (bucket) => format(bucket.net) },
          ]}
        />
      </Dialog>
    </figure>
  )
}

function Readout({
  bucket,
  kinds,
  format,
}: {
  bucket: Bucket
  kinds: Stack['kinds']
  format: (value: number) => string
}) {
  return (
    <div className="pointer-events-none absolute top-1 left-1 z-10 rounded-md border border-line bg-panel px-2 py-1 text-xs shadow-lg">
      <p className="font-medium">{bucket.name}</p>
      {kinds.map(({ label }, kind) => (
        <p key={label}>
          {label}: {format(bucket.values[kind] ?? 0)}
        </p>
      ))}
      <p className="text-muted">Saved: {format(bucket.net)}</p>
    </div>
  )
}
