/** Walks the chain of hashes when asked to, and says what came of it. */
import { useMutation } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import type { AuditVerified } from '#contract/access.ts'
import { get } from '#ui/api/client.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { exact } from '#ui/kit/format.ts'
import { ProblemNote } from '#ui/kit/states.tsx'

export function Chain() {
  const verify = useMutation({ mutationFn: () => get<AuditVerified>('/audit/verify') })
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button icon={ShieldCheck} busy={verify.isPending} onClick={() => verify.mutate()}>
        Verify the chain
      </Button>
      <span aria-live="polite">{verify.data !== undefined && <Verified verified={verify.data} />}</span>
      <ProblemNote error={verify.error} />
    </div>
  )
}

function Verified({ verified: { entries, broken_at: brokenAt } }: { verified: AuditVerified }) {
  if (brokenAt === null) return <Badge tone="ok">Whole: all {exact(entries)} entries fit</Badge>
  return (
    <Badge tone="bad">
      Broken at entry {brokenAt}; the {exact(entries)} before it fit
    </Badge>
  )
}
