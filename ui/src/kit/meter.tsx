/** How full something is: a bar, and the figures beside it. */
import { cx } from '#ui/kit/cx.ts'
import { bytes, percent } from '#ui/kit/format.ts'

const TIGHT = 0.7
const FULL = 0.9

export function Meter({ label, value, max }: { label: string; value: number; max: number }) {
  const share = max > 0 ? Math.min(1, value / max) : 0
  const color = share >= FULL ? 'bg-bad' : share >= TIGHT ? 'bg-warn' : 'bg-delivered'
  return (
    <span className="inline-flex w-full min-w-24 flex-col gap-0.5" title={`${bytes(value)} of ${bytes(max)}`}>
      <span className="text-xs">
        <span className="sr-only">{label}: </span>
        {bytes(value)} <span className="text-muted">{percent(share)}</span>
      </span>
      <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-raised">
        <span className={cx('block h-full rounded-full', color)} style={{ width: `${share * 100}%` }} />
      </span>
    </span>
  )
}
