/** An empty product teaches: one line, and the way from there to the first saving. */
import { Check, Server } from 'lucide-react'
import { useState } from 'react'
import type { LiveEntry } from '#contract/series.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { cx } from '#ui/kit/cx.ts'
import { bytes, plural } from '#ui/kit/format.ts'
import { Empty, Skeleton } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { placesOf, type Way, waysOf } from '#ui/screens/first-run/commands.ts'
import { StepList } from '#ui/screens/first-run/step-list.tsx'
import { stepsOf } from '#ui/screens/first-run/steps.ts'
import { useTappedLines } from '#ui/screens/first-run/tapped-lines.ts'
import { useProgress } from '#ui/screens/first-run/use-progress.ts'

export function FirstRun({
  configuration,
  entries,
  onDone,
}: {
  configuration: string
  entries: readonly LiveEntry[]
  onDone: () => void
}) {
  const { progress, taken, own, isPlaceKnown } = useProgress(configuration, entries, true)
  const lines = useTappedLines(configuration, useCan('tap'))
  const nodes = entries.map(({ stats }) => stats)
  const ways = waysOf(placesOf(own, nodes, location.hostname))
  const hasArrived = progress.hasRecords
  return (
    <div className="grid min-w-0 gap-4 lg:grid-cols-3">
      <Card
        title="Send me a line"
        hint="Run this in a terminal. The card lights up when the line is here."
        className={cx('transition-colors duration-700 lg:col-span-2', hasArrived && 'border-ok')}
      >
        <div className="flex min-w-0 flex-col gap-4">
          {nodes.length === 0 ? <NoGateway /> : isPlaceKnown ? <Ways ways={ways} /> : <Skeleton lines={3} />}
          {nodes.length > 0 && (
            <Arrival
              hasArrived={hasArrived}
              text={`${plural(taken.records, 'record')} arrived, ${bytes(taken.bytes)}`}
              lines={lines}
            />
          )}
          {hasArrived && (
            <div>
              <Button look="primary" onClick={onDone}>
                Show the overview
              </Button>
            </div>
          )}
        </div>
      </Card>
      <Card title="From here to the first saving">
        <StepList steps={stepsOf(progress)} />
      </Card>
    </div>
  )
}

function Ways({ ways }: { ways: readonly Way[] }) {
  const [chosen, setChosen] = useState<string>()
  const first = ways[0]
  if (first === undefined)
    return (
      <Empty
        title="No source here takes plain lines"
        action={<ButtonLink to="/pipelines">Look at the pipelines</ButtonLink>}
      >
        Send a record with the agent or library that the source is for.
      </Empty>
    )
  return (
    <Tabs
      label="How to send it"
      value={ways.some(({ id }) => id === chosen) ? (chosen ?? first.id) : first.id}
      onChange={setChosen}
      tabs={ways.map(({ id, label, hint, command }) => ({
        id,
        label,
        content: (
          <div className="flex min-w-0 flex-col gap-2">
            <Command text={command} label={`Command for ${label}`} />
            <p className="text-xs text-muted">{hint}</p>
          </div>
        ),
      }))}
    />
  )
}

function NoGateway() {
  return (
    <Empty
      title="No gateway follows this configuration yet"
      action={
        <ButtonLink to="/fleet" look="primary" icon={Server}>
          Add a gateway
        </ButtonLink>
      }
    >
      Records go through gateways. Fleet has the command that starts one and connects it to this controller.
    </Empty>
  )
}

/** Read out once, when the first line is here: what counts up after that is not. */
function Arrival({ hasArrived, text, lines }: { hasArrived: boolean; text: string; lines: readonly string[] }) {
  return (
    <div
      className={cx(
        'flex min-w-0 items-start gap-3 rounded-md border px-3 py-2.5 transition-colors duration-700',
        hasArrived ? 'border-ok bg-ok-soft' : 'border-line bg-raised',
      )}
    >
      <span aria-hidden className="flex h-5 w-5 shrink-0 items-center justify-center">
        {hasArrived ? (
          <Check className="size-4 text-ok" />
        ) : (
          <span className="size-2.5 animate-pulse rounded-full bg-muted" />
        )}
      </span>
      <div className="min-w-0 flex-1">
        <p role="status" className={cx('text-sm font-medium', hasArrived && 'text-ok')}>
          {hasArrived ? 'It is here.' : 'Waiting for the first line'}
        </p>
        {hasArrived && <p className="text-xs">{text}</p>}
        {lines.length > 0 && (
          <pre className="mt-1 overflow-hidden font-mono text-xs break-all whitespace-pre-wrap">{lines.join('\n')}</pre>
        )}
      </div>
    </div>
  )
}
