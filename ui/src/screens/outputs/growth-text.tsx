/** Whether a spool grows or shrinks, and when it is full or empty at this pace. */
import { bytesPerSecond, duration } from '#ui/kit/format.ts'
import { fullIn } from '#ui/screens/outputs/growth.ts'

export function GrowthText({ spool, perSecond }: { spool: { bytes: number; max: number }; perSecond: number | null }) {
  if (perSecond === null || Math.round(perSecond) === 0) return null
  const isGrowing = perSecond > 0
  const left = fullIn(spool.bytes, spool.max, perSecond)
  const rest = isGrowing ? left : (spool.bytes / -perSecond) * 1000
  return (
    <span className={`block truncate text-xs ${isGrowing ? 'text-warn' : 'text-ok'}`}>
      {isGrowing ? '+' : '−'}
      {bytesPerSecond(Math.abs(perSecond))}
      {rest !== null && `, ${isGrowing ? 'full' : 'empty'} in ${duration(rest)}`}
    </span>
  )
}
