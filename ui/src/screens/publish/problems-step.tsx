/** What is wrong with the draft: nothing can be published before it is right. */
import { useQuery } from '@tanstack/react-query'
import type { Complaint } from '#ui/api/configuration-queries.ts'
import { draftQuery } from '#ui/api/queries.ts'
import { PartLink } from '#ui/editor/diff-view-link.tsx'
import { Card } from '#ui/kit/card.tsx'
import { placeOfProblem } from '#ui/screens/publish/problem-place.ts'

export function ProblemsStep({ configuration, problems }: { configuration: string; problems: readonly Complaint[] }) {
  const { data: draft } = useQuery(draftQuery(configuration))
  if (problems.length === 0) return null
  return (
    <Card
      className="border-bad"
      title={<span className="text-bad">The draft has problems</span>}
      hint="It can be published when they are solved."
    >
      <ul aria-label="Problems of the draft" className="flex flex-col gap-2">
        {problems.map(({ pointer, detail }) => {
          const { words, target } = placeOfProblem(pointer, draft?.body)
          return (
            <li key={`${pointer} ${detail}`} className="rounded-md bg-bad-soft px-3 py-2 text-bad">
              {words !== '' && (
                <p className="font-medium">
                  {target === undefined ? words : <PartLink target={target}>{words}</PartLink>}
                </p>
              )}
              <p className="break-words">{detail}</p>
              <code className="font-mono text-xs">{pointer}</code>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
