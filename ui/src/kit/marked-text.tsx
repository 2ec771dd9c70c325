/** Text with places pointed out: what is gone, what is new, what was looked for. Told by line as well as by colour. */
import { Fragment, type ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export type Mark = 'removed' | 'added' | 'found'
/** Characters [from, to), ascending, apart from each other. */
export type MarkedSpans = readonly (readonly [from: number, to: number])[]

export function MarkedText({ text, spans, as }: { text: string; spans: MarkedSpans; as: Mark }) {
  const parts: ReactNode[] = []
  let end = 0
  for (const [from, to] of spans) {
    const { tag: Tag, look } = marks[as]
    parts.push(
      <Fragment key={from}>
        {text.slice(end, from)}
        <Tag className={cx('rounded-xs', look)}>{text.slice(from, to)}</Tag>
      </Fragment>,
    )
    end = to
  }
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  )
}

const marks = {
  removed: { tag: 'del', look: 'bg-bad-soft text-bad line-through decoration-bad/60' },
  added: { tag: 'ins', look: 'bg-ok-soft text-ok underline decoration-ok underline-offset-2' },
  found: { tag: 'mark', look: 'bg-warn-soft text-warn underline decoration-dotted underline-offset-2' },
} as const
