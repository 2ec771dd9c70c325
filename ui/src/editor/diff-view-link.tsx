/** Leads to where a part of the draft is changed: a rule, a pipeline with its sources, outputs. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Target } from '#ui/editor/diff-view-words.ts'
import { textLink } from '#ui/kit/button.tsx'

export function PartLink({ target: { list, id, pipeline }, children }: { target: Target; children: ReactNode }) {
  if (list === 'processors')
    return (
      <Link to="/rules" search={{ rule: id, ...(pipeline !== undefined && { pipeline }) }} className={textLink}>
        {children}
      </Link>
    )
  if (list === 'pipelines')
    return (
      <Link to="/pipelines/$pipeline" params={{ pipeline: id }} className={textLink}>
        {children}
      </Link>
    )
  if (!['sources', 'outputs', 'upstreams'].includes(list)) return children
  return (
    <Link to="/pipelines" className={textLink}>
      {children}
    </Link>
  )
}
