/** Before a selected text becomes a rule: what exactly it looks for, and how many of the samples that finds. */
import { useEffect, useId, useMemo, useState } from 'react'
import { Button } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import { exact } from '#ui/kit/format.ts'
import { type Like, type LikeKind, likesOf } from '#ui/screens/studio/likes.ts'
import type { Rule } from '#ui/screens/studio/trial.ts'
import { useEngine } from '#ui/screens/studio/use-engine.ts'

export type { LikeKind } from '#ui/screens/studio/likes.ts'

const titles: Record<LikeKind, string> = {
  drop: 'Drop lines like this',
  redact: 'Redact this',
  keep: 'Keep only lines like this',
}

export function LikeDialog({
  kind,
  text,
  records,
  onAdd,
  onClose,
}: {
  kind: LikeKind
  text: string
  records: readonly string[]
  onAdd: (rule: Rule) => void
  onClose: () => void
}) {
  const likes = useMemo(() => likesOf(kind, text), [kind, text])
  const [chosen, setChosen] = useState(0)
  const counts = useCounts(likes, records)
  const name = useId()
  const rule = likes[chosen]?.rule
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" disabled={rule === undefined} onClick={() => rule !== undefined && onAdd(rule)}>
        Try this rule
      </Button>
    </>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      title={titles[kind]}
      description="It is added to the rules that are tried here; the draft stays as it is."
      footer={footer}
    >
      <fieldset className="flex flex-col gap-2">
        <legend className="sr-only">What the rule looks for</legend>
        {likes.map(({ label, shown }, place) => (
          <label
            key={label}
            className={cx(
              'flex cursor-pointer gap-3 rounded-md border p-3',
              place === chosen ? 'border-accent bg-accent-soft' : 'border-line',
            )}
          >
            <input
              type="radio"
              name={name}
              checked={place === chosen}
              onChange={() => setChosen(place)}
              className="mt-0.5 size-4 shrink-0 accent-accent"
            />
            <span className="flex min-w-0 flex-col gap-1">
              <span className="font-medium">{label}</span>
              <code className="font-mono text-xs break-all">{shown}</code>
              <Found count={counts[place]} of={records.length} kind={kind} />
            </span>
          </label>
        ))}
        {likes.length === 0 && <p>There is nothing in the selection but space.</p>}
      </fieldset>
    </Dialog>
  )
}

function Found({ count, of, kind }: { count: number | string | undefined; of: number; kind: LikeKind }) {
  if (count === undefined) return <span className="text-xs text-muted">Counting…</span>
  if (typeof count === 'string') return <span className="text-xs text-bad">{count}</span>
  const share = `${exact(count)} of ${exact(of)} samples`
  const words = kind === 'redact' ? `Edits ${share}` : kind === 'keep' ? `Drops all but ${share}` : `Drops ${share}`
  return <span className="text-xs text-muted">{words}</span>
}

/** By the engine itself, so what is counted is what would happen; a text: why it cannot be counted. */
function useCounts(likes: readonly Like[], records: readonly string[]): readonly (number | string | undefined)[] {
  const client = useEngine()
  const [counts, setCounts] = useState<readonly (number | string)[]>([])
  useEffect(() => {
    if (client === undefined) return
    let isOver = false
    const inputs = records.map((text) => ({ text }))
    const count = async () => {
      const found: (number | string)[] = []
      for (const { rule } of likes) {
        const answer = await client.run({ processors: [rule], records: inputs, seed: 1 })
        if (isOver) return
        if (!answer.ok) found.push(answer.problems[0]?.detail ?? 'it cannot be counted')
        else {
          const { ended, edited } = answer.result.rules[0]!
          const isKeep = rule.params['mode'] === 'keep'
          found.push(rule.type === 'redact' ? edited : isKeep ? records.length - ended : ended)
        }
        setCounts([...found])
      }
    }
    void count()
    return () => {
      isOver = true
    }
  }, [client, likes, records])
  return counts
}
