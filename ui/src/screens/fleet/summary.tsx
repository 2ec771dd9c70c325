/** The five states in a row, why they do not agree, health part by part, labels, and what the gateway says of itself. */
import { ChevronRight } from 'lucide-react'
import type { Gateway } from '#contract/fleet.ts'
import { Card } from '#ui/kit/card.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { StateIcon } from '#ui/screens/fleet/five-states.tsx'
import { HealthTree } from '#ui/screens/fleet/health-tree.tsx'
import { LabelsCard } from '#ui/screens/fleet/labels-card.tsx'
import { fiveOf, type StateView, stateNames } from '#ui/screens/fleet/states.ts'
import { driftWords } from '#ui/words/gateway-state.ts'

const HASH_CHARACTERS = 10

export function Summary({ gateway }: { gateway: Gateway }) {
  return (
    <>
      <Drift gateway={gateway} />
      <Card title="Five states" hint="What it should run, what it was told, what it says, what it runs, and how it is">
        <ol className="grid gap-2 sm:grid-cols-2 lg:grid-cols-5">
          {fiveOf(gateway).map((state, index) => (
            <State key={state.id} state={state} isLast={index === 4} />
          ))}
        </ol>
      </Card>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title="Health" hint="As it said last, part by part">
          {gateway.health === null ? (
            <p className="text-muted">It does not tell how it is.</p>
          ) : (
            <HealthTree tree={gateway.health} name={gateway.name} />
          )}
        </Card>
        <div className="flex min-w-0 flex-col gap-4">
          <LabelsCard gateway={gateway} />
          <Description gateway={gateway} />
        </div>
      </div>
    </>
  )
}

function Drift({ gateway: { drift, states, note } }: { gateway: Gateway }) {
  if (drift === null && note === null) return null
  const words = drift === null ? undefined : driftWords[drift]
  const isBad = words?.tone === 'bad'
  return (
    <div role="status" className={`rounded-lg px-4 py-3 ${isBad ? 'bg-bad-soft' : 'bg-warn-soft'}`}>
      {words !== undefined && (
        <>
          <p className={`font-medium ${isBad ? 'text-bad' : 'text-warn'}`}>
            {words.word}: {words.why}
          </p>
          {states.reported?.status === 'failed' && states.reported.error !== '' && (
            <pre className="my-1 overflow-x-auto font-mono text-xs whitespace-pre-wrap">{states.reported.error}</pre>
          )}
          <p>What to do: {words.todo}</p>
        </>
      )}
      {note !== null && (
        <p>
          {note.text} (<Ago at={note.at} />)
        </p>
      )}
    </div>
  )
}

function State({ state: { id, tone, word, detail, at, hash }, isLast }: { state: StateView; isLast: boolean }) {
  return (
    <li className="relative flex min-w-0 flex-col gap-0.5 rounded-md border border-line px-3 py-2">
      {!isLast && (
        <ChevronRight
          aria-hidden
          className="absolute top-1/2 -right-3 z-1 size-4 -translate-y-1/2 rounded-full bg-panel text-muted max-lg:hidden"
        />
      )}
      <span className="text-xs text-muted">{stateNames[id]}</span>
      <span className="flex items-center gap-1.5 font-medium">
        <StateIcon tone={tone} />
        {word}
      </span>
      <span className="text-xs break-words text-muted">{detail}</span>
      <span className="mt-auto flex flex-wrap items-center gap-x-2 pt-1 text-xs text-muted">
        {at !== null && (
          <span>
            {id === 'healthy' ? 'Since ' : ''}
            <Ago at={at} />
          </span>
        )}
        {hash !== null && hash !== '' && (
          <span className="inline-flex items-center font-mono" title={hash}>
            {hash.slice(0, HASH_CHARACTERS)}
            <CopyButton text={hash} label={`Copy the hash of ${stateNames[id].toLowerCase()}`} />
          </span>
        )}
      </span>
    </li>
  )
}

function Description({ gateway }: { gateway: Gateway }) {
  const { identifying, non_identifying } = gateway.description
  const entries = [...Object.entries(identifying), ...Object.entries(non_identifying)]
  return (
    <Card title="Description" hint="What it says of itself">
      {entries.length === 0 ? (
        <p className="text-muted">Nothing yet.</p>
      ) : (
        <dl className="grid grid-cols-[minmax(8rem,max-content)_1fr] gap-x-4 gap-y-1 text-sm">
          {entries.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="truncate font-mono text-xs leading-5 text-muted">{name}</dt>
              <dd className="break-words">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  )
}
