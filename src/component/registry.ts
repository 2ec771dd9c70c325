import type { Encoder } from '#telemetry/encoder.ts'
import type { OutputDefinition } from './output.ts'
import type { ProcessorDefinition } from './processor.ts'
import type { SourceDefinition } from './source.ts'

/** All that a node can be built from. `src/registry.ts` is the product's; tests add parts of their own. */
export interface Registry {
  readonly sources: readonly SourceDefinition[]
  readonly processors: readonly ProcessorDefinition[]
  readonly outputs: readonly OutputDefinition[]
  readonly encoders: readonly Encoder[]
}

/** The part with this name, or undefined. */
export function find<Part extends { name: string }>(parts: readonly Part[], name: string): Part | undefined {
  return parts.find((part) => part.name === name)
}
