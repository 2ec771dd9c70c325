/** Moments: how long ago, or when, in the viewer's zone; UTC on hover and for those who do not hover. */
import { useEffect, useState } from 'react'
import { ago, localTime, utcTime } from '#ui/kit/format.ts'

const TICK_MS = 5000

export function Ago({ at }: { at: number }) {
  const now = useNow()
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={`${localTime(at)} · ${utcTime(at)}`}
      className="whitespace-nowrap"
    >
      {ago(at, now)}
    </time>
  )
}

export function Moment({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={utcTime(at)} className="whitespace-nowrap">
      {localTime(at)}
    </time>
  )
}

/** The time now, anew every five seconds. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}
