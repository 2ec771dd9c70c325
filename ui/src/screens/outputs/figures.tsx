/** What goes through an output now, what waits in it, and what went wrong last, word by word. */
import { bytes, bytesPerSecond, count, percent, share } from '#ui/kit/format.ts'
import { Stat, Stats } from '#ui/kit/stat.tsx'
import { Ago } from '#ui/kit/time.tsx'
import type { OutputTotal } from '#ui/screens/outputs/aggregate.ts'
import { GrowthText } from '#ui/screens/outputs/growth-text.tsx'

const NEARLY_FULL = 0.8

export function Figures({
  output,
  nameOf,
  growth,
}: {
  output: OutputTotal
  nameOf: (gateway: string) => string
  growth: number | null
}) {
  const { delivered, forwarded, queue, spool, retries, deadLetters, lastError } = output
  const disk = output.gateways.find(({ books }) => books.spool?.failure)?.books.spool?.failure
  return (
    <>
      {lastError !== null && (
        <div role="status" className="rounded-lg bg-bad-soft px-4 py-3">
          <p className="text-bad">
            <span className="font-medium">Last error</span>, <Ago at={lastError.at} /> on {nameOf(lastError.gateway)},{' '}
            <code className="font-mono">{lastError.code}</code>
          </p>
          <pre className="overflow-x-auto font-mono text-xs whitespace-pre-wrap">{lastError.message}</pre>
        </div>
      )}
      {disk && (
        <p role="status" className="rounded-lg bg-bad-soft px-4 py-3 text-bad">
          The disk fails: <code className="font-mono">{disk.code}</code> {disk.message}
        </p>
      )}
      <Stats>
        <Stat
          label="Delivered"
          value={delivered === null ? '–' : bytesPerSecond(delivered.bytes)}
          note={delivered === null ? 'not known yet' : `${count(delivered.records)} records/s`}
        />
        <Stat
          label="Forwarded to it"
          value={forwarded === null ? '–' : bytesPerSecond(forwarded.bytes)}
          note={forwarded === null ? 'not known yet' : `${count(forwarded.records)} records/s`}
        />
        <Stat
          label="Queue"
          value={percent(share(queue.bytes, queue.max))}
          {...(share(queue.bytes, queue.max) > NEARLY_FULL && { tone: 'warn' })}
          note={`${bytes(queue.bytes)} of ${bytes(queue.max)} in memory`}
        />
        {spool === null ? (
          <Stat label="Spool" value="none" note="it keeps nothing on disk" />
        ) : (
          <Stat
            label="Spool"
            value={bytes(spool.bytes)}
            note={
              <>
                of {bytes(spool.max)} on disk
                <GrowthText spool={spool} perSecond={growth} />
              </>
            }
          />
        )}
        <Stat label="Retries" value={count(retries)} note="since its gateways started" />
        <Stat
          label="Dead letters"
          value={deadLetters === null ? 'not kept' : count(deadLetters.records)}
          {...((deadLetters?.records ?? 0) > 0 && { tone: 'warn' })}
          note={deadLetters === null ? 'no data directory' : bytes(deadLetters.bytes)}
        />
      </Stats>
    </>
  )
}
