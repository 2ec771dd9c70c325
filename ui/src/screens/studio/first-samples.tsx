/** What stands in place of a result while there are no samples: those that can be had with one click. */
import { Radio, Square } from 'lucide-react'
import { Button } from '#ui/kit/button.tsx'
import { Empty } from '#ui/kit/states.tsx'
import { sampleSets } from '#ui/screens/studio/sample-sets.ts'
import type { SampleSources } from '#ui/screens/studio/use-sample-sources.ts'
import { TAKEN_RECORDS } from '#ui/screens/studio/use-tap-taker.ts'

export function FirstSamples({ sources }: { sources: SampleSources }) {
  const { mayTap, taken, takeFromTap, stopTap, takeSet } = sources
  return (
    <div className="flex flex-col gap-3 px-4 pb-4">
      <Empty
        title="Nothing to try the rules on"
        action={
          !mayTap ? undefined : taken === undefined ? (
            <Button look="primary" icon={Radio} onClick={takeFromTap}>
              Take {TAKEN_RECORDS} live records
            </Button>
          ) : (
            <Button icon={Square} onClick={stopTap}>
              Stop at {taken} of {TAKEN_RECORDS}
            </Button>
          )
        }
      >
        Paste lines, open a file, or take what flows now.
      </Empty>
      <h3 className="text-sm font-medium">Or begin with an example</h3>
      <ul className="grid gap-2 sm:grid-cols-2">
        {sampleSets.map((set) => (
          <li key={set.id} className="min-w-0">
            <button
              type="button"
              onClick={() => takeSet(set)}
              className="flex w-full flex-col gap-0.5 rounded-md border border-edge px-3 py-2 text-left hover:bg-raised"
            >
              <span className="text-sm font-medium">{set.label}</span>
              <code aria-hidden className="truncate font-mono text-xs text-muted">
                {set.make().slice(0, PREVIEW_CHARACTERS)}
              </code>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

const PREVIEW_CHARACTERS = 100
