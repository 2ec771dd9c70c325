/** The books of a gateway as they stand: what waits, its engines, sources, pipelines and outputs. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { LiveEntry } from '#contract/series.ts'
import type { NodeStats, SourceBooks } from '#contract/stats.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytes, bytesPerSecond, count, percent, share } from '#ui/kit/format.ts'
import { Meter } from '#ui/kit/meter.tsx'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { Stat, Stats } from '#ui/kit/stat.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { flowOf, waitingOf } from '#ui/screens/fleet/figures.ts'
import { outputStateOf, stateWords } from '#ui/words/output-state.ts'
import { pipelineWords } from '#ui/words/pipeline-state.ts'

export function LiveParts({ entry }: { entry: LiveEntry }) {
  const { stats, rates, at, configuration } = entry
  const flow = flowOf(entry)
  const waiting = waitingOf(stats)
  return (
    <>
      <Stats>
        <Stat label="In now" value={flow === null ? '–' : bytesPerSecond(flow.in.bytes)} note={<Told at={at} />} />
        <Stat label="Out now" value={flow === null ? '–' : bytesPerSecond(flow.out.bytes)} />
        <Stat
          label="Intake"
          value={percent(share(stats.intake.bytes, stats.intake.bytes_max))}
          note={`${bytes(stats.intake.bytes)} of ${bytes(stats.intake.bytes_max)}`}
        />
        <Stat label="Waits for outputs" value={bytes(waiting.queue)} note="in memory" />
        <Stat label="On disk" value={bytes(waiting.spool)} note="in spools" />
        <Stat label="Started" value={<Ago at={stats.started_at} />} note={`version ${stats.version}`} />
      </Stats>
      <div className="grid gap-4 xl:grid-cols-2">
        <Sources sources={stats.sources} />
        <Pipelines stats={stats} rates={rates} />
        <Outputs stats={stats} rates={rates} configuration={configuration} />
        <Engines stats={stats} />
      </div>
    </>
  )
}

function Told({ at }: { at: number }) {
  return (
    <>
      told <Ago at={at} />
    </>
  )
}

function Part({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <Card title={title} {...(hint !== undefined && { hint })} flush className="self-start">
      {children}
    </Card>
  )
}

function Sources({ sources }: { sources: readonly SourceBooks[] }) {
  return (
    <Part title="Sources" hint="Where records come in">
      <SimpleTable
        label="Sources"
        head={['Source', 'Listens at', 'Connections', 'Came in', 'Turned away']}
        right={[2, 3, 4]}
        empty="It has no sources."
        rows={sources.map(({ id, type, address, connections, bytes: came, rejected, truncated, lost_before }) => {
          const turnedAway = Object.entries(rejected).filter(([, { records }]) => records > 0)
          return {
            key: id,
            cells: [
              <Name key="" id={id} type={type} />,
              <code key="" className="font-mono text-xs">
                {address}
              </code>,
              count(connections),
              bytes(came),
              <span key="" className={turnedAway.length > 0 ? 'text-warn' : undefined}>
                {turnedAway.map(([reason, { records }]) => `${count(records)} ${reason}`).join(', ') || 'none'}
                {truncated > 0 && `, ${count(truncated)} cut`}
                {lost_before > 0 && `, ${count(lost_before)} lost before`}
              </span>,
            ],
          }
        })}
      />
    </Part>
  )
}

function Pipelines({ stats, rates }: { stats: NodeStats; rates: LiveEntry['rates'] }) {
  return (
    <Part title="Pipelines" hint="Rules, and whether they run">
      <SimpleTable
        label="Pipelines"
        head={['Pipeline', 'State', 'In', 'Out', 'Went without rules']}
        right={[2, 3, 4]}
        empty="It has no pipelines."
        rows={stats.pipelines.map(({ id, state, since, bypassed }) => {
          const rate = rates?.pipelines.find((one) => one.id === id)
          return {
            key: id,
            cells: [
              <span key="" className="font-medium">
                {id}
              </span>,
              <span key="" className="inline-flex flex-col items-start">
                <Badge tone={pipelineWords[state].tone} title={pipelineWords[state].meaning}>
                  {pipelineWords[state].word}
                </Badge>
                <span className="text-xs text-muted">
                  since <Ago at={since} />
                </span>
              </span>,
              rate === undefined ? '–' : bytesPerSecond(rate.in.bytes),
              rate === undefined ? '–' : bytesPerSecond(rate.out.bytes),
              <span key="" className={bypassed.records > 0 ? 'text-warn' : undefined}>
                {count(bypassed.records)} records
              </span>,
            ],
          }
        })}
      />
    </Part>
  )
}

function Outputs({
  stats,
  rates,
  configuration,
}: {
  stats: NodeStats
  rates: LiveEntry['rates']
  configuration: string
}) {
  return (
    <Part title="Outputs" hint="Where records go">
      <SimpleTable
        label="Outputs"
        head={['Output', 'State', 'Delivered', 'Queue', 'On disk', 'Dead letters']}
        right={[2, 4, 5]}
        empty="It has no outputs."
        rows={stats.outputs.map((output) => {
          const rate = rates?.outputs.find(({ id }) => id === output.id)
          const { word, tone } = stateWords[outputStateOf(output, stats.upstreams ?? [], rate)]
          return {
            key: output.id,
            cells: [
              <Link
                key=""
                to="/outputs/$output"
                params={{ output: output.id }}
                search={{ configuration }}
                className={textLink}
              >
                {output.id}
              </Link>,
              <Badge key="" tone={tone}>
                {word}
              </Badge>,
              rate === undefined ? '–' : bytesPerSecond(rate.delivered.bytes),
              <Meter key="" label={`Queue of ${output.id}`} value={output.queue.bytes} max={output.queue.bytes_max} />,
              output.spool === null ? 'none' : bytes(output.spool.bytes),
              output.dead_letters === null ? 'not kept' : count(output.dead_letters.records),
            ],
          }
        })}
      />
    </Part>
  )
}

const engineTones = { running: 'ok', stalled: 'bad', starting: 'busy' } as const

function Engines({ stats: { engines, config } }: { stats: NodeStats }) {
  return (
    <Part title="Engines" hint="Threads that run the rules">
      <SimpleTable
        label="Engines"
        head={['Engine', 'State', 'Restarts']}
        right={[2]}
        empty="It has no engines."
        rows={engines.map(({ state, restarts }, index) => ({
          key: String(index),
          cells: [
            String(index),
            <Badge key="" tone={engineTones[state]}>
              {state}
            </Badge>,
            count(restarts),
          ],
        }))}
      />
      <p className="border-t border-line px-4 py-2 text-xs text-muted">
        {count(config.reloads)} reloads, {count(config.failed)} of them failed
        {config.last_error !== null && <span className="block text-bad">{config.last_error}</span>}
      </p>
    </Part>
  )
}

function Name({ id, type }: { id: string; type: string }) {
  return (
    <span>
      <span className="font-medium">{id}</span> <span className="text-xs text-muted">{type}</span>
    </span>
  )
}
