/** What a list or a figure shows while it is not there: loading, empty, failed, not permitted, out of date. */
import type { UseQueryResult } from '@tanstack/react-query'
import { Inbox, Lock, RotateCw, TriangleAlert } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { ApiError } from '#ui/api/client.ts'
import { Button } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Ago } from '#ui/kit/time.tsx'

/** Nothing is shown for this long: what comes at once needs no skeleton. */
const SKELETON_AFTER_MS = 150

/** Grey bars where lines of text will be. */
export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" className={cx('flex flex-col gap-2 py-2', !shown && 'invisible', className)}>
      <span className="sr-only">Loading</span>
      {[...Array(lines).keys()].map((line) => (
        <div
          key={line}
          className="h-4 animate-pulse rounded bg-raised"
          style={{ width: `${90 - ((line * 17) % 40)}%` }}
        />
      ))}
    </div>
  )
}

/** Nothing there yet: one sentence, what to do, perhaps a command to copy. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-8 text-center">
      <Inbox aria-hidden className="size-7 text-muted" />
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="max-w-xl text-muted">{children}</div>}
      {action !== undefined && <div className="pt-1">{action}</div>}
    </div>
  )
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof ApiError && error.status === 403) return <Forbidden detail={error.problem.detail} />
  const { title, detail } = wordsOf(error)
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-4 py-8 text-center">
      <TriangleAlert aria-hidden className="size-7 text-bad" />
      <p className="font-medium">{title}</p>
      <p className="max-w-xl break-words text-muted">{detail}</p>
      {error instanceof ApiError && error.problem.errors !== undefined && <Complaints error={error} />}
      {retry !== undefined && (
        <Button icon={RotateCw} onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** `detail` names the permission that is missing. */
export function Forbidden({ detail }: { detail: string }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-4 py-8 text-center">
      <Lock aria-hidden className="size-7 text-muted" />
      <p className="font-medium">You may not see this</p>
      <p className="max-w-xl text-muted">{detail}. An owner of your organisation can change your role.</p>
    </div>
  )
}

/** A problem in one block, for forms and dialogs: what is wrong, and where. */
export function ProblemNote({ error, className }: { error: unknown; className?: string }) {
  if (error === null || error === undefined) return null
  const { title, detail } = wordsOf(error)
  return (
    <div role="alert" className={cx('rounded-md bg-bad-soft px-3 py-2 text-sm text-bad', className)}>
      <p className="font-medium">{title}</p>
      <p className="break-words">{detail}</p>
      {error instanceof ApiError && error.problem.errors !== undefined && <Complaints error={error} />}
    </div>
  )
}

/** Shows what a query brings, and says what is the matter while it brings nothing. `isEmpty` and `empty` go together. */
export function QueryView<Data>({
  query,
  children,
  empty,
  isEmpty,
  lines,
}: {
  query: Pick<UseQueryResult<Data>, 'data' | 'error' | 'refetch' | 'dataUpdatedAt'>
  children: (data: Data) => ReactNode
  empty?: ReactNode
  isEmpty?: (data: Data) => boolean
  lines?: number
}) {
  if (query.data === undefined) {
    if (query.error !== null) return <Failed error={query.error} retry={() => void query.refetch()} />
    return <Skeleton className="px-4" {...(lines !== undefined && { lines })} />
  }
  return (
    <>
      {query.error !== null && <Stale since={query.dataUpdatedAt} error={query.error} />}
      {isEmpty?.(query.data) === true ? empty : children(query.data)}
    </>
  )
}

/** The last refresh failed; what is shown is older. */
export function Stale({ since, error }: { since: number; error: unknown }) {
  return (
    <p role="status" className="mx-4 my-2 rounded-md bg-warn-soft px-3 py-1.5 text-sm text-warn">
      Updated <Ago at={since} />; refreshing failed: {wordsOf(error).detail}
    </p>
  )
}

export function wordsOf(error: unknown): { title: string; detail: string } {
  if (error instanceof ApiError) return error.problem
  return { title: 'Something went wrong on this page', detail: error instanceof Error ? error.message : String(error) }
}

function Complaints({ error }: { error: ApiError }) {
  return (
    <ul className="list-disc pl-5 text-left">
      {error.problem.errors?.map(({ pointer, detail }) => (
        <li key={`${pointer}${detail}`}>
          {pointer !== '' && <code className="font-mono">{pointer}</code>} {detail}
        </li>
      ))}
    </ul>
  )
}
