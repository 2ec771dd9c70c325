/** Differences part by part, in words: `Rule drop_debug added`, with the fields that changed before and after. */
import type { DiffEntry } from '#contract/configuration.ts'
import { PartLink } from '#ui/editor/diff-view-link.tsx'
import { type ChangeWords, changeWords, type Detail } from '#ui/editor/diff-view-words.ts'
import { cx } from '#ui/kit/cx.ts'

const tones = {
  add: 'bg-ok-soft text-ok',
  remove: 'bg-bad-soft text-bad',
  change: 'bg-info-soft text-info',
  move: 'bg-info-soft text-info',
} as const

/** `linked`: the names of what is in the draft lead to it. */
export function ChangeList({ entries, linked = false }: { entries: readonly DiffEntry[]; linked?: boolean }) {
  return (
    <ul aria-label="Changes" className="flex flex-col divide-y divide-line rounded-md border border-line">
      {entries.map((entry) => (
        <ChangeItem key={`${entry.op} ${entry.path}`} words={changeWords(entry)} linked={linked} />
      ))}
    </ul>
  )
}

function ChangeItem({ words, linked }: { words: ChangeWords; linked: boolean }) {
  const { op, sign, kind, name, where, what, details, target } = words
  const shownName = <code className="font-mono font-semibold">{name}</code>
  return (
    <li className="flex gap-3 px-3 py-2">
      <span
        aria-hidden
        className={cx('mt-0.5 flex size-5 shrink-0 items-center justify-center rounded font-mono text-sm', tones[op])}
      >
        {sign}
      </span>
      <div className="min-w-0 flex-1">
        <p className="break-words">
          {kind} {linked && op !== 'remove' ? <PartLink target={target}>{shownName}</PartLink> : shownName}{' '}
          {where !== '' && <span className="text-muted">{where} </span>}
          <span className="font-medium">{what}</span>
        </p>
        {details.length > 0 && (
          <ul className="mt-1 flex flex-col gap-0.5 text-sm">
            {details.map((detail) => (
              <DetailLine key={detail.field} op={op} detail={detail} />
            ))}
          </ul>
        )}
      </div>
    </li>
  )
}

function DetailLine({ op, detail: { field, before, after, isSecret } }: { op: DiffEntry['op']; detail: Detail }) {
  const name = field === '' ? 'value' : field
  if (isSecret)
    return (
      <li>
        <code className="font-mono text-muted">{name}</code> a secret value has changed; it is not shown
      </li>
    )
  if (op !== 'change')
    return (
      <li className="break-words text-muted">
        <code className="font-mono">{name}</code>{' '}
        <code className={cx('font-mono', op === 'add' ? 'text-ink' : 'line-through')}>{after ?? before}</code>
      </li>
    )
  return (
    <li className="break-words">
      <code className="font-mono text-muted">{name}</code>{' '}
      <code className="rounded bg-bad-soft px-1 font-mono text-bad">
        <span className="sr-only">before: </span>
        {before ?? 'not set'}
      </code>{' '}
      <span aria-hidden>→</span>{' '}
      <code className="rounded bg-ok-soft px-1 font-mono text-ok">
        <span className="sr-only">after: </span>
        {after ?? 'not set'}
      </code>
    </li>
  )
}
