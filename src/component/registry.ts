import { assert } from '#std/assert.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'
import type { Encoder, EncoderDefinition } from '#telemetry/encoder.ts'
import type { EncoderPlan, OutputDefinition } from './output.ts'
import type { ProcessorDefinition } from './processor.ts'
import type { SourceDefinition } from './source.ts'

/** All that a node can be built from. `src/registry.ts` is the product's; tests add parts of their own. */
export interface Registry extends EngineRegistry {
  readonly sources: readonly SourceDefinition[]
  readonly outputs: readonly OutputDefinition[]
}

/** The part that engine threads need. */
export interface EngineRegistry {
  readonly processors: readonly ProcessorDefinition[]
  readonly decoders: readonly DecoderDefinition[]
  readonly encoders: readonly EncoderDefinition[]
}

/** The part with this name, or undefined. */
export function find<Part extends { name: string }>(parts: readonly Part[], name: string): Part | undefined {
  return parts.find((part) => part.name === name)
}

/** Outputs name encoders of the registry only. */
export function createEncoder(plan: EncoderPlan, registry: Pick<Registry, 'encoders'>): Encoder {
  const definition = find(registry.encoders, plan.name)
  assert(definition !== undefined, `encoder ${plan.name} is registered`)
  return definition.create(plan.options ?? {})
}
