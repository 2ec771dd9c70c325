/** What stands in the way of a publication, before anybody presses the button. */
import { CircleX } from 'lucide-react'
import type { Refusal } from '#ui/screens/publish/refusals.ts'

export function RefusalList({ refusals, id }: { refusals: readonly Refusal[]; id: string }) {
  if (refusals.length === 0) return null
  return (
    <ul id={id} aria-label="What stands in the way" className="flex flex-col gap-1.5">
      {refusals.map(({ code, reason, advice }) => (
        <li key={`${code} ${reason}`} className="flex items-start gap-2 rounded-md bg-bad-soft px-3 py-1.5 text-bad">
          <CircleX aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 break-words">
            {reason} {advice}
          </span>
        </li>
      ))}
    </ul>
  )
}
