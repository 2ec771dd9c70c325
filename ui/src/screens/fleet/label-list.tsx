/** Labels as small marks; each leads to the gateways that have it. */
import { Link } from '@tanstack/react-router'
import type { Labels } from '#contract/fleet.ts'
import { labelsText, labelText } from '#ui/screens/fleet/labels.ts'

export function LabelList({ labels }: { labels: Labels }) {
  const entries = Object.entries(labels)
  if (entries.length === 0)
    return (
      <span className="text-muted">
        –<span className="sr-only">no labels</span>
      </span>
    )
  return (
    <span className="flex gap-1 overflow-hidden" title={labelsText(labels)}>
      {entries.map(([name, value]) => (
        <Link
          key={name}
          to="/fleet"
          search={{ label: labelText(name, value) }}
          onClick={(event) => event.stopPropagation()}
          className="inline-flex min-h-6 items-center rounded border border-line bg-raised px-1.5 font-mono text-xs whitespace-nowrap hover:border-edge"
        >
          {labelText(name, value)}
        </Link>
      ))}
    </span>
  )
}
