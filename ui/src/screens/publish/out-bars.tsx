/** What goes on today and then, as lengths; the table below them says the same. */
import { Fragment } from 'react'
import type { Receipt } from '#contract/receipt.ts'
import { cx } from '#ui/kit/cx.ts'
import { bytes } from '#ui/kit/format.ts'

export function OutBars({ receipt: { in: seen, out } }: { receipt: Receipt }) {
  const most = Math.max(seen.bytes.value, out.candidate.bytes.value, 1)
  const bars = [
    { label: 'In', value: seen.bytes.value, ground: 'bg-other' },
    { label: 'Out today', value: out.live.bytes.value, ground: 'bg-edge' },
    { label: 'Out then', value: out.candidate.bytes.value, ground: 'bg-delivered' },
  ]
  return (
    <div aria-hidden className="grid max-w-2xl grid-cols-[5rem_1fr_5rem] items-center gap-x-3 gap-y-1 py-1 text-xs">
      {bars.map(({ label, value, ground }) => (
        <Fragment key={label}>
          <span className="text-muted">{label}</span>
          <span className="h-2.5 overflow-hidden rounded-sm bg-raised">
            <span className={cx('block h-full rounded-sm', ground)} style={{ width: `${(value / most) * 100}%` }} />
          </span>
          <span className="text-right">{bytes(value)}</span>
        </Fragment>
      ))}
    </div>
  )
}
