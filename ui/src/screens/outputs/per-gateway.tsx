/** An output gateway by gateway. */
import { Link } from '@tanstack/react-router'
import { Badge } from '#ui/kit/badge.tsx'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytes, bytesPerSecond, count } from '#ui/kit/format.ts'
import { Meter } from '#ui/kit/meter.tsx'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import type { OutputTotal } from '#ui/screens/outputs/aggregate.ts'
import { outputStates, stateWords } from '#ui/words/output-state.ts'

const SHOWN_MAX = 200

export function PerGateway({ output, nameOf }: { output: OutputTotal; nameOf: (gateway: string) => string }) {
  const gateways = [...output.gateways].sort((a, b) => outputStates.indexOf(a.state) - outputStates.indexOf(b.state))
  return (
    <Card title="By gateway" hint="The worst first" flush>
      <SimpleTable
        label="By gateway"
        head={['Gateway', 'State', 'Delivered', 'Forwarded', 'Queue', 'Spool', 'Retries', 'Dead letters', 'Last error']}
        right={[2, 3, 5, 6, 7]}
        empty="No gateway."
        rows={gateways.slice(0, SHOWN_MAX).map(({ gateway, state, rates, books, at }) => ({
          key: gateway,
          cells: [
            <span key="" className="whitespace-nowrap">
              <Link to="/fleet/$gateway" params={{ gateway }} className={textLink}>
                {nameOf(gateway)}
              </Link>
              <span className="block text-xs text-muted">
                told <Ago at={at} />
              </span>
            </span>,
            <Badge key="" tone={stateWords[state].tone} title={stateWords[state].meaning}>
              {stateWords[state].word}
            </Badge>,
            rates === undefined ? '–' : bytesPerSecond(rates.delivered.bytes),
            rates === undefined ? '–' : bytesPerSecond(rates.forwarded.bytes),
            <Meter
              key=""
              label={`Queue on ${nameOf(gateway)}`}
              value={books.queue.bytes}
              max={books.queue.bytes_max}
            />,
            books.spool === null ? 'none' : bytes(books.spool.bytes),
            count(books.retries),
            books.dead_letters === null ? 'not kept' : count(books.dead_letters.records),
            books.last_error === null ? (
              <span key="" className="text-muted">
                none
              </span>
            ) : (
              <span key="" className="block max-w-md min-w-48 break-words">
                {books.last_error.message}
                <span className="block text-xs text-muted">
                  <span className="font-mono">{books.last_error.code}</span>, <Ago at={books.last_error.at} />
                </span>
              </span>
            ),
          ],
        }))}
      />
      {gateways.length > SHOWN_MAX && (
        <p className="px-4 py-2 text-xs text-muted">
          {SHOWN_MAX} of {gateways.length} gateways are shown.
        </p>
      )}
    </Card>
  )
}
