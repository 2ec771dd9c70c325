/** What most people want first, to begin with. */
import type { ComponentCatalog } from '#contract/component.ts'
import type { RuleStart } from '#ui/forms/rule-editor.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { starters } from '#ui/screens/rules/starters.ts'

export function Starters({
  catalog,
  signal = 'logs',
  onChoose,
}: {
  catalog: ComponentCatalog
  signal?: string | undefined
  onChoose: (rule: RuleStart) => void
}) {
  const takes = (type: string) =>
    catalog.components.some(
      (one) => one.kind === 'processor' && one.type === type && one.signals.some((s) => s === signal),
    )
  const fitting = starters.filter(({ rule }) => takes(rule.type))
  if (fitting.length === 0) return null
  return (
    <Card title="Rules to begin with" hint="Each opens with its options, to change before it is added.">
      <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
        {fitting.map(({ title, why, rule }) => (
          <li key={title} className="flex flex-col gap-2 rounded-md border border-line p-3">
            <p className="font-medium">{title}</p>
            <p className="flex-1 text-sm text-muted">{why}</p>
            <Button className="self-start" onClick={() => onChoose(rule)} aria-label={`Begin with: ${title}`}>
              Begin with this
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  )
}
