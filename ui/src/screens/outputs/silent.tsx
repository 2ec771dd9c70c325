/** Gateways whose kept records are not in what is shown, and why. */
import { wordsOf } from '#ui/kit/states.tsx'
import type { Askable } from '#ui/screens/outputs/kept.ts'

type SilentGateway = Askable['unreachable'][number]

const SHOWN_MAX = 20

export function silentOf(
  asked: Askable['asked'],
  answers: readonly { error: unknown; data: unknown }[],
  unreachable: readonly SilentGateway[],
): SilentGateway[] {
  const failed = asked.flatMap(({ id, name }, index) => {
    const answer = answers[index]
    return answer?.error ? [{ id, name, reason: wordsOf(answer.error).detail }] : []
  })
  return [...failed, ...unreachable]
}

export function Silent({ gateways }: { gateways: readonly SilentGateway[] }) {
  if (gateways.length === 0) return null
  return (
    <div className="border-t border-line px-4 py-2 text-sm">
      <p className="text-muted">
        {gateways.length === 1 ? '1 gateway is' : `${gateways.length} gateways are`} not in these figures:
      </p>
      <ul className="list-disc pl-5">
        {gateways.slice(0, SHOWN_MAX).map(({ id, name, reason }) => (
          <li key={id}>
            <span className="font-medium">{name}</span>: <span className="text-muted">{reason}</span>
          </li>
        ))}
      </ul>
      {gateways.length > SHOWN_MAX && <p className="text-muted">and {gateways.length - SHOWN_MAX} more.</p>}
    </div>
  )
}
