/** What configurations are made of, as JSON Schema: forms are drawn from it, and editors complete from it. */
import { z } from 'zod'

export const componentKinds = ['source', 'processor', 'output'] as const
export type ComponentKind = (typeof componentKinds)[number]

const jsonSchema = z
  .record(z.string(), z.unknown())
  .describe('JSON Schema, draft 2020-12. What is a secret has `writeOnly: true` and `format: "password"`.')

const facts = {
  type: z.string(),
  summary: z.string(),
  signals: z.array(z.enum(['logs', 'metrics', 'traces'])).describe('What it brings, works on or takes.'),
  schema: jsonSchema,
}

export const sourceType = z.object({
  kind: z.literal('source'),
  ...facts,
  may_be_durable: z.boolean().describe('It answers its senders, so it may be `durable`.'),
})

export const processorType = z.object({
  kind: z.literal('processor'),
  ...facts,
  outcome: z
    .enum(['dropped', 'sampled', 'deduplicated', 'aggregated', 'quarantined'])
    .describe('What a record is called that it ends.'),
  mutates: z.boolean().describe('It may change records.'),
  stateful: z.boolean().describe('It remembers records, so that what it does to one cannot be told from a sample.'),
  required_by_default: z.boolean(),
  on_error_default: z.enum(['pass', 'drop', 'quarantine']),
})

export const outputType = z.object({
  kind: z.literal('output'),
  ...facts,
  when_full_default: z
    .enum(['spool', 'drop_oldest', 'drop_newest', 'block'])
    .describe('On a gateway with a data directory; without one, `drop_oldest` stands for `spool`.'),
})

export const componentType = z
  .discriminatedUnion('kind', [sourceType, processorType, outputType])
  .meta({ id: 'ComponentType' })
export type ComponentType = z.infer<typeof componentType>

export const componentCatalog = z
  .object({
    components: z
      .array(componentType)
      .describe(
        "Every type there is. `schema`: a source's and an output's own options, which stand beside those that all of their kind " +
          "have; a processor's `params`.",
      ),
    entries: z
      .object({
        source: jsonSchema,
        processor: jsonSchema,
        output: jsonSchema,
        pipeline: jsonSchema,
        upstream: jsonSchema,
        condition: jsonSchema,
      })
      .describe('What all entries of a kind have, whatever their type. `condition`: a `when`.'),
  })
  .meta({ id: 'ComponentCatalog' })
export type ComponentCatalog = z.infer<typeof componentCatalog>
