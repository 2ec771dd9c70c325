/** Turns the entries of sources, outputs and upstreams into plans, each by the schema of the component that it names. */

import type { z } from 'zod'
import type { OutputPlan, SourcePlan } from '#component/plan.ts'
import { find, type Registry } from '#component/registry.ts'
import { StreamgateError } from '#contract/error.ts'
import { type UpstreamEntry, upstreamPlan } from '#upstreams/options.ts'
import type { UpstreamPlan } from '#upstreams/plan.ts'
import { type Path, type Problem, problemsOf, suggest } from './problems.ts'
import { type Resolved, unknownType } from './rules.ts'
import { outputEntry, sourceEntry } from './schema.ts'

export function resolveSource(entry: Record<string, unknown>, path: Path, registry: Registry): Resolved<SourcePlan> {
  const definition = find(registry.sources, String(entry['type']))
  if (definition === undefined) return unknownType('source', entry['type'], path, registry.sources)
  const split = splitEntry(entry, sourceEntry, definition.config, path)
  if (split.problems !== undefined) return split
  const { id, type, durable } = split.common
  if (durable && definition.promising !== true) {
    const message = `source "${id}" cannot promise anything: ${type} gives its senders no answer`
    return { problems: [{ code: 'SG_CONFIG_INVALID', path: [...path, 'durable'], message }] }
  }
  // What is promised must not be given up: the sender waits instead.
  const overflow = durable ? 'block' : split.common.overflow
  return { plan: { id, type, overflow, durable, options: split.options } }
}

export function resolveOutput(entry: Record<string, unknown>, path: Path, registry: Registry): Resolved<OutputPlan> {
  const definition = find(registry.outputs, String(entry['type']))
  if (definition === undefined) return unknownType('output', entry['type'], path, registry.outputs)
  const split = splitEntry(entry, outputEntry, definition.config, path)
  if (split.problems !== undefined) return split
  const { id, type, batch, queue_bytes_max: queueBytesMax, when_full: whenFull, spool, retry } = split.common
  return {
    plan: {
      id,
      type,
      // Until it is known which pipelines it is an output of.
      signal: 'logs',
      batch: batchLimits(batch),
      queueBytesMax,
      whenFull,
      spool: { bytesMax: spool.max_bytes, maxAgeMs: spool.max_age_ms, whenFull: spool.when_full },
      deadLettersBytesMax: split.common.dead_letters.max_bytes,
      retry: {
        maxAttempts: retry.max_attempts,
        maxAgeMs: retry.max_age_ms,
        baseMs: retry.base_ms,
        capMs: retry.cap_ms,
      },
      options: split.options,
    },
  }
}

/** Reads the files of its TLS options, so that what a plan runs on is there when it runs. */
export function resolveUpstream(entry: UpstreamEntry, path: Path): Resolved<UpstreamPlan> {
  try {
    return { plan: upstreamPlan(entry) }
  } catch (error) {
    if (!(error instanceof StreamgateError)) throw error
    return {
      problems: [{ code: error.code, path: [...path, ...(error.path?.split('/') ?? [])], message: error.message }],
    }
  }
}

/** What is wrong with the upstream that an output names, if it names one. */
export function upstreamProblems(plan: OutputPlan, path: Path, known: readonly string[]): Problem[] {
  const named = plan.options['upstream']
  if (typeof named !== 'string' || known.includes(named)) return []
  const message = `there is no upstream "${named}"${suggest(named, known)}`
  return [{ code: 'SG_CONFIG_REFERENCE', path: [...path, 'upstream'], message }]
}

export function batchLimits(batch: {
  max_records?: number | undefined
  max_bytes?: number | undefined
  max_wait_ms?: number | undefined
}): OutputPlan['batch'] {
  return {
    ...(batch.max_records === undefined ? {} : { maxRecords: batch.max_records }),
    ...(batch.max_bytes === undefined ? {} : { maxBytes: batch.max_bytes }),
    ...(batch.max_wait_ms === undefined ? {} : { maxWaitMs: batch.max_wait_ms }),
  }
}

type Split<Common> =
  | { common: Common; options: Record<string, unknown>; problems?: undefined }
  | { problems: Problem[] }

/** Sources and outputs have their own options flat beside those that all of their kind have. */
function splitEntry<Common extends z.ZodObject>(
  entry: Record<string, unknown>,
  commonSchema: Common,
  optionsSchema: z.ZodObject,
  path: Path,
): Split<z.output<Common>> {
  const isCommon = (key: string) => key in commonSchema.shape
  const keys = Object.keys(entry)
  const common = commonSchema.safeParse(Object.fromEntries(keys.filter(isCommon).map((key) => [key, entry[key]])))
  const own = keys.filter((key) => !isCommon(key))
  const options = optionsSchema.safeParse(Object.fromEntries(own.map((key) => [key, entry[key]])))
  if (common.success && options.success) return { common: common.data, options: options.data }
  const known = [...Object.keys(commonSchema.shape), ...Object.keys(optionsSchema.shape)]
  const problems = [common, options].flatMap((result) => (result.success ? [] : problemsOf(result.error, path, known)))
  return { problems }
}
