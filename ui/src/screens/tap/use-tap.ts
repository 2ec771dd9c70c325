/** The tap of this page, tied to what the URL selects: a change while it runs begins it anew. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Query } from '#ui/api/client.ts'
import { useConfiguration } from '#ui/routes.tsx'
import { tapRoute } from '#ui/screens/tap/route.ts'
import { TapSession, type TapView } from '#ui/screens/tap/tap-session.ts'
import { tapEvents } from '#ui/screens/tap/tap-stream.ts'

export interface TapControl {
  view: TapView
  isRunning: boolean
  /** Why unredacted records are looked at; undefined: they are redacted. */
  reason: string | undefined
  start: (reason?: string) => void
  /** Goes on where it ended. */
  goOn: () => void
  stop: () => void
  togglePause: () => void
  clear: () => void
}

export function useTap(): TapControl {
  const session = useMemo(() => new TapSession(tapEvents), [])
  const view = useSyncExternalStore(session.subscribe, session.view)
  const [reason, setReason] = useState<string>()
  const query = useSelection()
  const isRunning = view.phase === 'connecting' || view.phase === 'watching' || view.phase === 'retrying'
  const key = JSON.stringify(query)
  const watched = useRef(key)
  const start = (query: Query, why: string | undefined, keep: boolean) => {
    watched.current = key
    session.start({ ...query, ...(why !== undefined && { raw: true, reason: why }) }, keep)
  }
  useEffect(() => {
    if (!isRunning || watched.current === key) return
    watched.current = key
    session.start({ ...(JSON.parse(key) as Query), ...(reason !== undefined && { raw: true, reason }) })
  }, [session, isRunning, key, reason])
  useEffect(() => () => session.stop(), [session])
  return {
    view,
    isRunning,
    reason,
    start: (why) => {
      setReason(why)
      start(query, why, false)
    },
    goOn: () => start(query, reason, watched.current === key),
    stop: () => session.stop(),
    togglePause: () => session.setPaused(!view.paused),
    clear: () => session.clear(),
  }
}

function useSelection(): Query {
  const configuration = useConfiguration()
  const { gateway, pipeline, rule, fate, when, rate } = tapRoute.useSearch()
  return { configuration, gateway, pipeline, rule, fate, when, per_second_max: rate }
}
