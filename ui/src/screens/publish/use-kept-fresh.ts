/** Others change drafts and publish, too: then everything that is shown of the configuration is read anew. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Configuration } from '#contract/configuration.ts'
import { configurationChanged } from '#ui/api/queries.ts'

export function useKeptFresh({ live_version: live, updated_at: updatedAt, policy }: Configuration): void {
  const client = useQueryClient()
  const state = JSON.stringify([live, updatedAt, policy])
  const [shown, setShown] = useState(state)
  useEffect(() => {
    if (state === shown) return
    setShown(state)
    void configurationChanged(client)
    void client.invalidateQueries({ queryKey: ['pages'] })
  }, [client, state, shown])
}
