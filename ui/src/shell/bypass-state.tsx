/** Whether records go past the rules now: nobody should have to look for that. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { liveQuery } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { useConfiguration } from '#ui/routes.tsx'

export function BypassState() {
  const { data, isError } = useQuery(liveQuery(useConfiguration()))
  // What was so before the controller went away may not be so now.
  const states = isError ? [] : (data?.items.flatMap(({ stats }) => stats.pipelines.map(({ state }) => state)) ?? [])
  const words = wordsFor(states)
  return (
    <span aria-live="polite" className="inline-flex">
      {words !== undefined && (
        <Link to="/" hash="bypass" className="inline-flex min-h-6 items-center rounded-full">
          <Badge tone={words.tone}>
            {/* Where there is little room, only what is wrong takes some. */}
            <span className={words.tone === 'ok' ? 'max-sm:sr-only' : undefined}>{words.text}</span>
          </Badge>
        </Link>
      )}
    </span>
  )
}

function wordsFor(states: readonly string[]): { tone: 'ok' | 'warn' | 'bad' | 'neutral'; text: string } | undefined {
  const count = (state: string) => states.filter((one) => one === state).length
  if (states.length === 0) return undefined
  if (count('bypass') > 0) return { tone: 'bad', text: `${count('bypass')} bypassed: rules do not run` }
  if (count('hold') > 0) return { tone: 'bad', text: `${count('hold')} on hold: records wait` }
  if (count('pressed') > 0) return { tone: 'warn', text: `${count('pressed')} pressed: only required rules run` }
  if (count('probing') > 0) return { tone: 'warn', text: 'Probing: rules are tried again' }
  return { tone: 'ok', text: 'Rules run' }
}
