/** Takes some records from the live tap, as they came in, redacted as a tap shows them. */
import { useEffect, useRef, useState } from 'react'
import { tapEvents } from '#ui/screens/tap/tap-stream.ts'

export const TAKEN_RECORDS = 200
const TAKING_MS = 15_000

export interface TapTaker {
  /** Records so far; undefined: nothing is being taken. */
  taken: number | undefined
  error: unknown
  take: (configuration: string, pipeline: string | undefined) => void
  /** With what has come so far. */
  stop: () => void
}

export function useTapTaker(onTaken: (records: string[]) => void): TapTaker {
  const [taken, setTaken] = useState<number>()
  const [error, setError] = useState<unknown>(null)
  const run = useRef<AbortController>(undefined)
  const latest = useRef(onTaken)
  latest.current = onTaken
  useEffect(() => () => run.current?.abort('left'), [])

  const take = async (configuration: string, pipeline: string | undefined) => {
    const own = new AbortController()
    run.current = own
    setError(null)
    setTaken(0)
    const timer = setTimeout(() => own.abort(), TAKING_MS)
    const records: string[] = []
    try {
      for await (const event of tapEvents({ configuration, pipeline, per_second_max: TAKEN_RECORDS }, own.signal)) {
        if (event.kind === 'end') throw new Error(`the tap has ended: ${event.reason}`)
        if (event.kind === 'records') records.push(...event.records.flatMap(({ before }) => before.text ?? []))
        setTaken(Math.min(records.length, TAKEN_RECORDS))
        if (records.length >= TAKEN_RECORDS) break
      }
    } catch (reason) {
      if (!own.signal.aborted) setError(reason)
    } finally {
      clearTimeout(timer)
    }
    if (own.signal.aborted && own.signal.reason === 'left') return
    own.abort()
    setTaken(undefined)
    if (records.length > 0) latest.current(records.slice(0, TAKEN_RECORDS))
    else setError((before: unknown) => before ?? new Error(`no record came within ${TAKING_MS / 1000} seconds`))
  }
  return {
    taken,
    error,
    take: (configuration, pipeline) => void take(configuration, pipeline),
    stop: () => run.current?.abort(),
  }
}
