/** Finding a type among all that there are. */
import type { ComponentCatalog, ComponentKind, ComponentType } from '#contract/component.ts'

export function typeIn<Kind extends ComponentKind>(
  catalog: ComponentCatalog,
  kind: Kind,
  type: string,
): Extract<ComponentType, { kind: Kind }> | undefined {
  return catalog.components.find((one): one is Extract<ComponentType, { kind: Kind }> => {
    return one.kind === kind && one.type === type
  })
}
