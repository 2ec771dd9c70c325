/** Of which moment figures are, where they trail what happens. */
import { clockTime, localTime, utcTime } from '#ui/kit/format.ts'

export function AsOf({ at }: { at: number }) {
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={`${localTime(at)} · ${utcTime(at)}. Gateways report every ten seconds.`}
      className="text-xs whitespace-nowrap text-muted tabular-nums"
    >
      as of {clockTime(at)}
    </time>
  )
}
