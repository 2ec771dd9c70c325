/** The ledger of a gateway: what was offered to it, when, and what became of it. */
import type { Attempt } from '#contract/fleet.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Card } from '#ui/kit/card.tsx'
import { duration } from '#ui/kit/format.ts'
import { Empty } from '#ui/kit/states.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { resultWords } from '#ui/screens/fleet/words.ts'

const HASH_CHARACTERS = 10

export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0)
    return (
      <Card>
        <Empty title="Nothing was offered to it yet">
          Each version that a gateway is offered stands here, with what became of it. Publish one, and it comes.
        </Empty>
      </Card>
    )
  return (
    <Card title="Attempts" hint="What has failed is not offered again until somebody retries" flush>
      <section className="relative overflow-x-auto" aria-label="Attempts" tabIndex={0}>
        <table className="w-full min-w-[48rem] text-sm">
          <thead>
            <tr className="border-b border-line text-left text-xs text-muted [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium">
              <th scope="col">Version</th>
              <th scope="col">Result</th>
              <th scope="col">Offered</th>
              <th scope="col">Finished</th>
              <th scope="col">Took</th>
              <th scope="col">Offers</th>
              <th scope="col">Retries</th>
              <th scope="col">Hash</th>
            </tr>
          </thead>
          {attempts.map((attempt) => (
            <Row key={attempt.hash} attempt={attempt} />
          ))}
        </table>
      </section>
    </Card>
  )
}

function Row({ attempt }: { attempt: Attempt }) {
  const { configuration, version, result, offered_at, applying_at, deadline, finished_at, error, blocked } = attempt
  return (
    <tbody className="border-b border-line last:border-0">
      <tr className="align-top [&>td]:px-4 [&>td]:py-2">
        <td className="whitespace-nowrap">
          {configuration} <span className="font-medium">{version}</span>
        </td>
        <td>
          {result !== null ? (
            <Badge tone={resultWords[result].tone}>{resultWords[result].word}</Badge>
          ) : (
            <Badge tone="busy">{applying_at === null ? 'Offered' : 'Applying'}</Badge>
          )}
          {blocked && <span className="block pt-1 text-xs text-muted">not offered again until retried</span>}
          {attempt.rolled_back_to !== null && (
            <span className="block pt-1 text-xs text-muted">
              back to <code className="font-mono">{attempt.rolled_back_to.slice(0, HASH_CHARACTERS)}</code>
            </span>
          )}
        </td>
        <td>{offered_at === null ? '–' : <Moment at={offered_at} />}</td>
        <td>
          {finished_at !== null ? (
            <Moment at={finished_at} />
          ) : (
            <span className="text-muted">
              until <Moment at={deadline} />
            </span>
          )}
        </td>
        <td className="whitespace-nowrap">
          {offered_at !== null && finished_at !== null ? duration(finished_at - offered_at) : '–'}
        </td>
        <td>{attempt.offers}</td>
        <td>{attempt.retries}</td>
        <td className="font-mono text-xs leading-5" title={attempt.hash}>
          {attempt.hash.slice(0, HASH_CHARACTERS)}
        </td>
      </tr>
      {error !== '' && (
        <tr>
          <td colSpan={8} className="px-4 pb-3">
            <pre className="rounded-md bg-bad-soft px-3 py-2 font-mono text-xs break-words whitespace-pre-wrap text-bad">
              {error}
            </pre>
          </td>
        </tr>
      )}
    </tbody>
  )
}
