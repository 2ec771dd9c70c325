/** Outputs that take part in the savings and have no price: their money is not counted. */
import { Tag } from 'lucide-react'
import type { SavingsSummary } from '#contract/savings.ts'
import { Button } from '#ui/kit/button.tsx'
import { Needs } from '#ui/kit/needs.tsx'

type Output = SavingsSummary['unpriced'][number]

export function Unpriced({
  outputs,
  onPrice,
}: {
  outputs: readonly Output[]
  onPrice: ((output: Output) => void) | undefined
}) {
  if (outputs.length === 0) return null
  return (
    <section
      aria-label="Outputs without a price"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-warn-soft px-4 py-2 text-sm text-warn"
    >
      <p className="min-w-0 flex-1 basis-80">
        {outputs.length === 1 ? 'One output has' : `${outputs.length} outputs have`} no price, so what is saved there
        shows in bytes only. Your contract says the price; nothing is assumed.
      </p>
      <ul className="flex flex-wrap items-center gap-2">
        {outputs.map((output) => (
          <li key={`${output.configuration}/${output.output}`}>
            {onPrice === undefined ? (
              <code className="font-mono">{output.output}</code>
            ) : (
              <Button icon={Tag} onClick={() => onPrice(output)}>
                Set a price for {output.output}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Needs permission="edit" to="set prices" />
    </section>
  )
}
