/**
 * Turns the entries of rules into plans, each by the schema of the processor that it names.
 *
 * A browser checks rules with this too, so it needs nothing of Node and of the registry only the processors.
 */
import { z } from 'zod'
import type { Condition } from '#component/condition.ts'
import { compileMatcher, conditionSchema } from '#component/matcher.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import { onErrorPolicies } from '#component/processor.ts'
import { type EngineRegistry, find } from '#component/registry.ts'
import { StreamgateError } from '#contract/error.ts'
import type { ManifestProcessor } from '#contract/manifest.ts'
import { sharedMemory } from '#std/shared-memory.ts'
import { type Path, type Problem, problemsOf, suggest } from './problems.ts'

type Rules = Pick<EngineRegistry, 'processors'>

export const id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/,
    'must be 1 to 128 letters, digits or _ . : - and begin with a letter or digit',
  )
  .describe('Name of this entry, unique in its list.')

export const type = z.string().min(1).describe('Which component this is.')

export const processorEntry = z.strictObject({
  id,
  type,
  params: z.record(z.string(), z.unknown()).default({}).describe("The processor's own options."),
  when: z.unknown().optional().describe('Condition: it acts only on records for which this holds.'),
  required: z.boolean().optional().describe('Runs even under pressure and is never bypassed.'),
  on_error: z.enum(onErrorPolicies).optional().describe('What happens to a record on which it fails.'),
})

/** Either a plan, or what is wrong. */
export type Resolved<Plan> = { plan: Plan; problems?: undefined } | { plan?: undefined; problems: Problem[] }

/** What is wrong with a rule, as it stands in a manifest or in a request of the API. Paths count from the rule. */
export function processorProblems(entry: ManifestProcessor, registry: Rules): Problem[] {
  const parsed = processorEntry.safeParse(known(entry))
  if (!parsed.success) return problemsOf(parsed.error, [], Object.keys(processorEntry.shape))
  return resolveProcessor(parsed.data, [], registry).problems ?? []
}

/** Of a rule that `processorProblems` has found nothing wrong with. */
export function processorPlan(entry: ManifestProcessor, registry: Rules): ProcessorPlan {
  return resolveProcessor(processorEntry.parse(known(entry)), [], registry).plan!
}

/** Further keys are none of this node's business; what means "not there" elsewhere is left out. */
function known({ id, type, params, when, required, on_error }: ManifestProcessor): Record<string, unknown> {
  const optional = { when, required, on_error }
  return {
    id,
    type,
    params,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== null)),
  }
}

export function resolveProcessor(
  entry: z.output<typeof processorEntry>,
  path: Path,
  registry: Rules,
): Resolved<ProcessorPlan> {
  const definition = find(registry.processors, entry.type)
  if (definition === undefined) return unknownType('processor', entry.type, path, registry.processors)
  const options = definition.config.safeParse(entry.params)
  if (!options.success) {
    return { problems: problemsOf(options.error, [...path, 'params'], Object.keys(definition.config.shape)) }
  }
  let when: Condition | undefined
  if (entry.when !== undefined && entry.when !== null) {
    const condition = conditionSchema.safeParse(entry.when)
    if (!condition.success) return { problems: problemsOf(condition.error, [...path, 'when'], []) }
    when = condition.data
  }
  const plan = {
    id: entry.id,
    type: entry.type,
    options: options.data,
    when,
    required: entry.required ?? definition.required,
    onError: entry.on_error ?? definition.onError,
  }
  const problem = tryOut(plan, path, registry)
  return problem === undefined ? { plan } : { problems: [problem] }
}

/** Options that look right can still be wrong together, or hold a pattern that is refused: making one tells. */
function tryOut(plan: ProcessorPlan, path: Path, registry: Rules): Problem | undefined {
  const definition = find(registry.processors, plan.type)!
  try {
    const state = sharedMemory(definition.stateBytes?.(plan.options) ?? 0)
    definition.create(plan.options, { random: () => 0, state, engine: 0 })
    if (plan.when !== undefined) compileMatcher(plan.when, 'when')
    return undefined
  } catch (error) {
    if (!(error instanceof StreamgateError)) throw error
    const inner = error.path === undefined ? [] : error.path.split('/')
    // Processors name paths inside their options, conditions begin with `when`.
    const where = inner[0] === 'when' || inner[0] === 'params' ? inner : ['params', ...inner]
    return { code: error.code, path: [...path, ...where], message: error.message }
  }
}

/** `parts` are those that there are. */
export function unknownType(
  kind: string,
  type: unknown,
  path: Path,
  parts: readonly { name: string }[],
): { problems: Problem[] } {
  const known = parts.map((part) => part.name)
  const message = `there is no ${kind} "${String(type)}"${suggest(String(type), known)}`
  return { problems: [{ code: 'SG_CONFIG_UNKNOWN_TYPE', path: [...path, 'type'], message }] }
}
