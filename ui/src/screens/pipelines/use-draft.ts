/** Reading and changing the draft: one change at a time, each on the newest state, with a way back. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { ApiError, send, sendTagged, type Tagged } from '#ui/api/client.ts'
import { configurationChanged, configurationsQuery, draftQuery, pathOf, useCan } from '#ui/api/queries.ts'
import { wordsOf } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import type { Edit } from './edits.ts'

/** Somebody else may write at the same time; after so many attempts it is an error. */
const ATTEMPTS = 3

export interface Change {
  edit: Edit
  /** Takes it back; without it there is no button to do so. */
  undo?: Edit
  /** What has been done: `Rule drop_debug deleted`. */
  text: string
}

export function useDraft(configuration: string) {
  const client = useQueryClient()
  const options = useMemo(() => draftQuery(configuration), [configuration])
  const query = useQuery(options)
  const canEdit = useCan('edit')
  const changedAt = useQuery(configurationsQuery).data?.items.find(({ name }) => name === configuration)?.updated_at
  const seenAt = useRef(changedAt)

  // Somebody else has changed the draft: what is shown of it is read anew.
  useEffect(() => {
    if (seenAt.current !== undefined && changedAt !== undefined && seenAt.current !== changedAt)
      void client.invalidateQueries({ queryKey: ['configurations', configuration] })
    seenAt.current = changedAt
  }, [client, configuration, changedAt])

  /** Throws `ApiError`, 412 when the draft is not the one of `etag` any more. */
  const write = useCallback(
    async (document: ConfigurationDocument, etag: string): Promise<Tagged<ConfigurationDocument>> => {
      const path = `${pathOf(configuration)}/draft`
      const answer = await sendTagged<ConfigurationDocument>('PUT', path, document, { etag })
      client.setQueryData(options.queryKey, answer)
      await configurationChanged(client)
      return answer
    },
    [client, configuration, options],
  )

  const reload = useCallback(async (): Promise<Tagged<ConfigurationDocument>> => {
    await configurationChanged(client)
    return await client.fetchQuery({ ...options, staleTime: 0 })
  }, [client, options])

  /** Makes the change on the newest draft; when it has gone on, the change is made anew on that. Throws what stands against it. */
  const apply = useCallback(
    async ({ edit, undo, text }: Change): Promise<void> => {
      let draft = client.getQueryData<Tagged<ConfigurationDocument>>(options.queryKey) ?? (await reload())
      for (let attempt = 1; ; attempt++) {
        try {
          await write(edit(draft.body), draft.etag)
          break
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 412 || attempt === ATTEMPTS) throw error
          draft = await reload()
        }
      }
      const back = undo && {
        label: 'Undo',
        run: () => void apply({ edit: undo, text: 'Taken back' }).catch((error) => toast(wordsOf(error).detail)),
      }
      toast({ text, ...(back && { action: back }) })
    },
    [client, write, reload, options],
  )

  /** Throws the unpublished changes away; what they were can be put back as long as the message is shown. */
  const reset = useCallback(async (): Promise<void> => {
    const before = await reload()
    await send('POST', `${pathOf(configuration)}/draft/reset`)
    await configurationChanged(client)
    const run = () =>
      void apply({ edit: () => before.body, text: 'The draft is as it was' }).catch((error) =>
        toast(wordsOf(error).detail),
      )
    toast({ text: 'The draft is what is live', action: { label: 'Undo', run } })
  }, [client, apply, reload, configuration])

  return { query, canEdit, apply, write, reload, reset }
}

export type Draft = ReturnType<typeof useDraft>
