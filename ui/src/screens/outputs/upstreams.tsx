/** The servers that an output sends to, as each gateway sees them. */
import type { UpstreamState } from '#contract/stats.ts'
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import { Card } from '#ui/kit/card.tsx'
import { ago, count, percent } from '#ui/kit/format.ts'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { useNow } from '#ui/kit/time.tsx'
import type { OutputTotal } from '#ui/screens/outputs/aggregate.ts'

const SHOWN_MAX = 200

type Target = UpstreamState['targets'][number]

const targetTones: Record<Target['state'], Tone> = {
  healthy: 'ok',
  unhealthy: 'bad',
  ejected: 'bad',
  drained: 'neutral',
}
const breakers: Record<NonNullable<UpstreamState['breaker']>['state'], { word: string; tone: Tone }> = {
  closed: { word: 'Breaker closed', tone: 'ok' },
  open: { word: 'Breaker open', tone: 'bad' },
  half_open: { word: 'Breaker tries again', tone: 'busy' },
}

export function Upstreams({ output, nameOf }: { output: OutputTotal; nameOf: (gateway: string) => string }) {
  const now = useNow()
  const rows = output.gateways.flatMap(({ gateway, upstream }) =>
    (upstream?.targets ?? []).map((target) => ({ gateway, upstream: upstream!, target })),
  )
  if (rows.length === 0) return null
  const shared = output.gateways.find(({ upstream }) => upstream?.shared === true)?.upstream?.id
  return (
    <Card
      title="Targets"
      hint={
        shared === undefined
          ? 'The servers that it sends to'
          : `The servers of the upstream “${shared}”, which other outputs may share`
      }
      flush
    >
      <SimpleTable
        label="Targets"
        head={['Gateway', 'Target', 'Health', 'Breaker', 'Latency', 'Under way', 'Requests', 'Failed']}
        right={[4, 5, 6, 7]}
        empty="None."
        rows={rows.slice(0, SHOWN_MAX).map(({ gateway, upstream, target }) => ({
          key: `${gateway}\n${target.url}`,
          cells: [
            nameOf(gateway),
            <code key="" className="font-mono text-xs whitespace-nowrap">
              {target.url}
            </code>,
            <span key="" className="inline-flex flex-col items-start">
              <Badge tone={targetTones[target.state]}>{target.state}</Badge>
              {target.ejected_until !== null && (
                <span className="text-xs text-muted">back {ago(target.ejected_until, now)}</span>
              )}
              {upstream.panic && <span className="text-xs text-warn">too few are well: all are used</span>}
            </span>,
            upstream.breaker === null ? (
              <span key="" className="text-muted">
                none
              </span>
            ) : (
              <span key="" className="inline-flex flex-col items-start">
                <Badge tone={breakers[upstream.breaker.state].tone}>{breakers[upstream.breaker.state].word}</Badge>
                {upstream.breaker.opened > 0 && (
                  <span className="text-xs text-muted">
                    opened {upstream.breaker.opened === 1 ? 'once' : `${count(upstream.breaker.opened)} times`}
                  </span>
                )}
              </span>
            ),
            target.latency_ms === null ? '–' : `${Math.round(target.latency_ms * 10) / 10} ms`,
            `${count(target.active)}${target.waiting > 0 ? ` + ${count(target.waiting)} waiting` : ''}`,
            count(target.requests),
            <span key="" className={target.failures > 0 ? 'text-warn' : undefined}>
              {count(target.failures)}
              {target.requests > 0 && target.failures > 0 && ` (${percent(target.failures / target.requests)})`}
            </span>,
          ],
        }))}
      />
    </Card>
  )
}
