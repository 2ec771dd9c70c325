/** What somebody must say that they have seen: errors that would be lost, redactions that would end. */
import type { Receipt } from '#contract/receipt.ts'
import { CheckField } from '#ui/kit/field.tsx'
import { between, losesErrors, records, uncovered } from '#ui/screens/publish/receipt-words.ts'

/** Empty: there is nothing to say. */
export function acknowledgementsOf(receipt: Receipt | undefined): { id: string; text: string }[] {
  if (receipt === undefined) return []
  const { lost } = receipt.lost_errors
  return [
    ...(losesErrors(receipt)
      ? [{ id: 'errors', text: `Lose about ${between(lost, records)} records of severity error or above` }]
      : []),
    ...(uncovered(receipt).length > 0
      ? [
          {
            id: 'redactions',
            text: `Let go on what is redacted today: ${uncovered(receipt)
              .map(({ rule, kinds }) => kinds.join(', ') || rule)
              .join('; ')}`,
          },
        ]
      : []),
  ]
}

export interface AcknowledgementsProps {
  receipt: Receipt | undefined
  seen: ReadonlySet<string>
  onChange: (seen: ReadonlySet<string>) => void
}

export function Acknowledgements({ receipt, seen, onChange }: AcknowledgementsProps) {
  const items = acknowledgementsOf(receipt)
  if (items.length === 0) return null
  return (
    <fieldset className="flex flex-col gap-2 rounded-md border border-bad px-3 py-2">
      <legend className="px-1 text-sm font-semibold text-bad">Publish it although it would</legend>
      {items.map(({ id, text }) => (
        <CheckField
          key={id}
          label={text}
          checked={seen.has(id)}
          onChange={({ target }) => {
            const next = new Set(seen)
            if (target.checked) next.add(id)
            else next.delete(id)
            onChange(next)
          }}
        />
      ))}
    </fieldset>
  )
}
