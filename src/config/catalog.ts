/** All that a configuration can be made of, described as JSON Schema: the registry's parts and what their entries share. */
import { z } from 'zod'
import { conditionJsonSchema } from '#component/matcher.ts'
import type { Registry } from '#component/registry.ts'
import { Secret } from '#component/secret.ts'
import type { ComponentCatalog } from '#contract/component.ts'
import { processorEntry } from './rules.ts'
import { outputEntry, publishedPipelineEntry, sourceEntry, upstreamEntry } from './schema.ts'

type JsonSchema = Record<string, unknown>

export function catalogOf(registry: Registry): ComponentCatalog {
  const sources = registry.sources.map((definition) => ({
    kind: 'source' as const,
    ...factsOf(definition),
    may_be_durable: definition.promising === true,
  }))
  const processors = registry.processors.map((definition) => ({
    kind: 'processor' as const,
    ...factsOf(definition),
    outcome: definition.outcome,
    mutates: definition.mutates,
    stateful: definition.stateBytes !== undefined,
    required_by_default: definition.required,
    on_error_default: definition.onError,
  }))
  const outputs = registry.outputs.map((definition) => ({
    kind: 'output' as const,
    ...factsOf(definition),
    when_full_default: definition.whenFull ?? ('spool' as const),
  }))
  return {
    components: [...sources, ...processors, ...outputs],
    entries: {
      source: schemaOf(sourceEntry),
      processor: withConditions(schemaOf(processorEntry)),
      output: schemaOf(outputEntry),
      pipeline: withConditions(schemaOf(publishedPipelineEntry)),
      upstream: schemaOf(upstreamEntry),
      condition: { $schema: DIALECT, ...conditionJsonSchema(), $defs: { condition: conditionJsonSchema() } },
    },
  }
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

interface Described {
  name: string
  summary: string
  config: z.ZodObject
  signals?: readonly ('logs' | 'metrics' | 'traces')[]
}

function factsOf({ name, summary, config, signals }: Described) {
  return { type: name, summary, signals: [...(signals ?? (['logs'] as const))], schema: schemaOf(config) }
}

/** As it is written: what a schema makes of it, such as a `Secret` of a text, is said in the words of JSON Schema. */
function schemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (becomesSecret(zodSchema)) Object.assign(jsonSchema, { writeOnly: true, format: 'password' })
    },
  }) as JsonSchema
}

/** A text that is made a `Secret` is one, whatever the option is called. */
function becomesSecret({ _zod: { def } }: z.core.$ZodTypes): boolean {
  if (def.type !== 'pipe' || def.in._zod.def.type !== 'string') return false
  const out = (def.out as z.core.$ZodTypes)._zod.def
  return out.type === 'transform' && out.transform('', { value: '', issues: [] }) instanceof Secret
}

/** Every `when` in it refers to the schema of conditions. */
function withConditions(schema: JsonSchema): JsonSchema {
  const replaced = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replaced)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        key === 'when' ? { ...Object(part), $ref: '#/$defs/condition' } : replaced(part),
      ]),
    )
  }
  return { ...(replaced(schema) as JsonSchema), $defs: { condition: conditionJsonSchema() } }
}
