/** What forms are drawn from. */
import { queryOptions } from '@tanstack/react-query'
import type { ComponentCatalog, ComponentKind, ComponentType } from '#contract/component.ts'
import type { SecretInfo } from '#contract/configuration.ts'
import { get } from '#ui/api/client.ts'
import { getAll } from '#ui/api/queries.ts'

/** It changes with the program, not while it runs. */
export const componentsQuery = queryOptions({
  queryKey: ['components'],
  queryFn: ({ signal }) => get<ComponentCatalog>('/components', {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

export const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: ({ signal }) => getAll<SecretInfo>('/secrets', {}, signal),
  staleTime: 30_000,
})

export function typeIn<Kind extends ComponentKind>(
  catalog: ComponentCatalog,
  kind: Kind,
  type: string,
): Extract<ComponentType, { kind: Kind }> | undefined {
  return catalog.components.find((one): one is Extract<ComponentType, { kind: Kind }> => {
    return one.kind === kind && one.type === type
  })
}
