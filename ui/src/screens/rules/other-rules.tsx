/** Rules that are not in the draft and run all the same: deleted but still live, or from a gateway's own file. */
import { conditionWords } from '#ui/forms/condition.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import type { RuleEntry } from '#ui/screens/rules/rule-facts.ts'

export function DeletedRules({
  rules,
  mayEdit,
  onPutBack,
}: {
  rules: readonly RuleEntry[]
  mayEdit: boolean
  onPutBack: (rule: RuleEntry) => void
}) {
  if (rules.length === 0) return null
  return (
    <Card title="Deleted in the draft" hint="They run until the draft is published." flush>
      <ul>
        {rules.map((rule) => (
          <Row key={rule.id} rule={rule} badge="Still live">
            {mayEdit && <Button onClick={() => onPutBack(rule)}>{`Put ${rule.id} back`}</Button>}
          </Row>
        ))}
      </ul>
    </Card>
  )
}

export function FileRules({
  rules,
  gateway,
  mayEdit,
  onCopy,
}: {
  rules: readonly RuleEntry[]
  gateway: string
  mayEdit: boolean
  onCopy: () => void
}) {
  if (rules.length === 0) return null
  return (
    <Card
      title="Rules of the gateway's own file"
      hint={`${gateway} runs them because no version has this pipeline. Once one has, its rules take their place.`}
      actions={mayEdit && <Button onClick={onCopy}>Copy them into the draft</Button>}
      flush
    >
      <ul>
        {rules.map((rule) => (
          <Row key={rule.id} rule={rule} badge="From the file" />
        ))}
      </ul>
    </Card>
  )
}

function Row({ rule, badge, children }: { rule: RuleEntry; badge: string; children?: React.ReactNode }) {
  return (
    <li className="flex flex-wrap items-start gap-3 border-t border-line px-4 py-3">
      <div className="min-w-60 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-all">{rule.id}</span>
          <span className="font-mono text-xs text-muted">{rule.type}</span>
          <Badge icon={null}>{badge}</Badge>
        </p>
        <p className="text-sm break-words">{ruleWords(rule.type, rule.params)}</p>
        {rule.when !== undefined && (
          <p className="text-sm break-words text-muted">only where {conditionWords(rule.when)}</p>
        )}
      </div>
      {children}
    </li>
  )
}
