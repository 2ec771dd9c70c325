/**
 * The work on one part of a draft: read with its tag, kept in the tab while it is typed, written with the tag that it was read
 * with. What somebody else changed in the meantime becomes a conflict to decide, never something that is written over.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, type Tagged } from '#ui/api/client.ts'
import { Conflict, DraftEditing, type Part, type PartList, partQuery } from '#ui/api/draft.ts'
import { isSame } from '#ui/api/same.ts'
import type { Complaint } from '#ui/forms/form-context.ts'
import { useUnsaved } from '#ui/kit/unsaved.ts'

interface Kept {
  part: Part
  /** Of the state that it was edited from; empty for a new part. */
  etag: string
}

export interface PartWork {
  /** Undefined while it is read, or when it cannot be. */
  part: Part | undefined
  change: (part: Part) => void
  isNew: boolean
  /** Something was typed that is not in the draft. */
  isDirty: boolean
  /** What is shown was typed before, and not saved then. */
  isRestored: boolean
  loadError: unknown
  reload: () => void
  busy: boolean
  error: unknown
  problems: readonly Complaint[]
  conflict: Conflict | undefined
  /** The saved part, or undefined when it was not saved. */
  save: (part: Part) => Promise<Part | undefined>
  discard: () => void
  /** Goes on with what is there now. */
  takeTheirs: () => void
  /** Writes over what is there now: decided after both were seen. */
  keepMine: () => Promise<Part | undefined>
  /** Back to the form, with what was typed. */
  leaveConflict: () => void
}

export interface PartStart {
  /** Undefined: it is new. */
  id: string | undefined
  initial: Part
  /** Names this work among others on the same list. */
  key: string
  position?: number
  /** What of it may lie in the tab's storage. */
  forStorage?: (part: Part) => Part
}

export function usePartWork(
  configuration: string,
  list: PartList,
  { id, initial, key, position, forStorage = (part) => part }: PartStart,
): PartWork {
  const client = useQueryClient()
  const isNew = id === undefined
  const stored = useQuery({ ...partQuery(configuration, list, id ?? ''), enabled: !isNew, refetchOnWindowFocus: false })
  const [kept, keep] = useUnsaved<Kept>(`part.${configuration}.${JSON.stringify(list)}.${key}`, (work) => ({
    ...work,
    part: forStorage(work.part),
  }))
  const [isRestored, setRestored] = useState(kept !== undefined)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [conflict, setConflict] = useState<Conflict>()
  // What was read first stays the ground of the work, even when it is read again.
  const [ground, setGround] = useState<Tagged<Part>>()
  if (ground === undefined && stored.data !== undefined) setGround(stored.data)
  const base: Kept | undefined = isNew
    ? { part: initial, etag: '' }
    : ground && { part: ground.body, etag: ground.etag }
  const now = kept ?? base
  const editing = new DraftEditing(client, configuration, list)

  /** Without a tag there is nothing to replace. */
  const write = async (part: Part, etag: string | undefined): Promise<Part | undefined> => {
    setBusy(true)
    setError(null)
    try {
      const saved = etag === undefined ? await editing.add(part, position) : await editing.replace(part, etag)
      keep(undefined)
      setConflict(undefined)
      return saved.body
    } catch (reason) {
      setConflict(reason instanceof Conflict ? reason : undefined)
      if (!(reason instanceof Conflict)) setError(reason)
      return undefined
    } finally {
      setBusy(false)
    }
  }
  return {
    part: now?.part,
    change: (part) => keep({ part, etag: now?.etag ?? '' }),
    isNew,
    isDirty: kept !== undefined && !isSame(now?.part, base?.part),
    isRestored,
    loadError: stored.error,
    reload: () => void stored.refetch(),
    busy,
    error,
    problems: error instanceof ApiError ? (error.problem.errors ?? []) : [],
    conflict,
    save: (part) => write(part, isNew ? undefined : now?.etag),
    discard: () => {
      keep(undefined)
      setRestored(false)
      setError(null)
    },
    takeTheirs: () => {
      if (conflict?.theirs !== undefined) setGround(conflict.theirs)
      keep(undefined)
      setRestored(false)
      setConflict(undefined)
    },
    keepMine: async () => {
      if (conflict === undefined) return undefined
      const { mine, theirs } = conflict
      return await write(mine, theirs?.etag)
    },
    leaveConflict: () => setConflict(undefined),
  }
}
