/** Looking is free, changing is for owners: said where the form is. */
import { Lock } from 'lucide-react'
import { useCan } from '#ui/api/queries.ts'

export function NeedsAdmin() {
  const mayChange = useCan('admin')
  if (mayChange) return null
  return (
    <p className="flex items-center gap-2 text-sm text-muted">
      <Lock aria-hidden className="size-4 shrink-0" />
      Changing this needs the permission “admin”, which owners have.
    </p>
  )
}
