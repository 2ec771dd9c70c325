/** Says which permission is missing for what a screen would offer; shows nothing to who has it. */
import { Lock } from 'lucide-react'
import type { Permission } from '#contract/access.ts'
import { useCan } from '#ui/api/queries.ts'

export function Needs({ permission, to }: { permission: Permission; to: string }) {
  if (useCan(permission)) return null
  return (
    <p className="inline-flex items-center gap-1.5 text-xs text-muted">
      <Lock aria-hidden className="size-3.5 shrink-0" />
      <span>
        To {to} you need the permission <code className="font-mono">{permission}</code>.
      </span>
    </p>
  )
}

/** For a button: it stays in sight, and says which permission it needs. */
export function useNeeds(permission: Permission): { disabled: boolean; title?: string } {
  return useCan(permission) ? { disabled: false } : { disabled: true, title: `Needs the permission ${permission}` }
}
