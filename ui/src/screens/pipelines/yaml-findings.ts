/** What a text would make of the draft, and what is wrong with that. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { ApiError } from '#ui/api/client.ts'
import { type Complaint, validate } from '#ui/api/configuration-queries.ts'
import type { Pipeline } from './document.ts'

/** So long after the last key the text is checked. */
const CHECK_AFTER_MS = 350

/** What `POST /validate` says of the text a moment after the last key. */
export function useFindings(
  configuration: string,
  candidate: ConfigurationDocument | undefined,
): { problems: Complaint[] } {
  const [asked, setAsked] = useState<ConfigurationDocument>()
  useEffect(() => {
    const timer = setTimeout(() => setAsked(candidate), CHECK_AFTER_MS)
    return () => clearTimeout(timer)
  }, [candidate])
  const { data } = useQuery({
    queryKey: ['validate', configuration, JSON.stringify(asked)],
    queryFn: async ({ signal }) => {
      try {
        return await validate(configuration, asked, signal)
      } catch (error) {
        // What is no document at all is refused with its places.
        if (error instanceof ApiError && error.problem.errors !== undefined) return error.problem.errors
        throw error
      }
    },
    enabled: asked !== undefined,
    gcTime: 0,
    placeholderData: (before) => before,
  })
  return { problems: candidate === undefined ? [] : (data ?? []) }
}

/** The document that the text would make; undefined when it says nothing that could be one. */
export function candidateOf(
  value: unknown,
  isWhole: boolean,
  document: ConfigurationDocument,
  pipeline: string,
): ConfigurationDocument | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (isWhole) return value as ConfigurationDocument
  const next = value as Pipeline
  const isThere = document.pipelines.some(({ id }) => id === pipeline)
  const pipelines = isThere
    ? document.pipelines.map((before) => (before.id === pipeline ? next : before))
    : [...document.pipelines, next]
  return { ...document, pipelines }
}
