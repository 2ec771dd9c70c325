/** Moving, deleting and adding rules from the list: shown at once, done one after the other, and told when it did not work. */
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { Tagged } from '#ui/api/client.ts'
import { Conflict, DraftEditing, type Part } from '#ui/api/draft.ts'
import { draftQuery } from '#ui/api/queries.ts'
import { removePart } from '#ui/forms/remove-part.ts'
import { toast } from '#ui/kit/toast.tsx'
import type { RuleEntry } from '#ui/screens/rules/rule-facts.ts'

export interface RuleChanges {
  error: unknown
  conflict: Conflict | undefined
  leaveConflict: () => void
  /** Deletes what somebody else has changed, after both were seen. */
  removeAnyway: () => Promise<void>
  move: (id: string, position: number) => void
  remove: (rule: RuleEntry, position: number) => Promise<void>
  add: (rule: { id: string }) => Promise<void>
  copy: (rules: readonly { id: string }[]) => Promise<void>
}

export function useRuleChanges(configuration: string, pipeline: string): RuleChanges {
  const client = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const [conflict, setConflict] = useState<Conflict>()
  const queue = useRef<Promise<unknown>>(Promise.resolve())
  const lastMove = useRef(0)
  const editing = new DraftEditing(client, configuration, { pipeline })

  const work = async (job: () => Promise<unknown>): Promise<void> => {
    const mine = queue.current.then(job)
    queue.current = mine.catch(() => undefined)
    try {
      setError(null)
      await mine
    } catch (reason) {
      if (reason instanceof Conflict) setConflict(reason)
      else setError(reason)
    }
  }
  const add = async (rule: { id: string }) => {
    await work(async () => {
      const { body } = await editing.add(rule as Part)
      toast({
        text: `${body.id} is in the draft.`,
        action: { label: 'Undo', run: () => void work(() => editing.remove(body)) },
      })
    })
  }
  return {
    error,
    conflict,
    leaveConflict: () => setConflict(undefined),
    removeAnyway: async () => {
      setConflict(undefined)
      const theirs = conflict?.theirs?.body
      if (theirs !== undefined) await work(() => editing.remove(theirs))
    },
    move: (id, position) => {
      const key = draftQuery(configuration).queryKey
      void client.cancelQueries({ queryKey: key })
      client.setQueryData(key, (draft) => draft && moved(draft, pipeline, id, position))
      const mine = ++lastMove.current
      void work(() => editing.move(id, position, () => mine === lastMove.current))
    },
    remove: (rule, position) => work(() => removePart(editing, { ...rule }, position)),
    add,
    copy: (rules) =>
      work(async () => {
        for (const rule of rules) await editing.add(rule as Part)
        toast('The rules of the file are in the draft.')
      }),
  }
}

function moved(
  draft: Tagged<ConfigurationDocument>,
  pipeline: string,
  id: string,
  position: number,
): Tagged<ConfigurationDocument> {
  const pipelines = draft.body.pipelines.map((one) => {
    const rule = one.processors.find((other) => other.id === id)
    if (one.id !== pipeline || rule === undefined) return one
    const others = one.processors.filter((other) => other !== rule)
    return { ...one, processors: others.toSpliced(position, 0, rule) }
  })
  return { ...draft, body: { ...draft.body, pipelines } }
}
