/** A published manifest over the configuration file: it replaces the rules, outputs and batch size of the pipeline it names. */
import type { NodePlan, OutputPlan, ProcessorPlan } from '#component/plan.ts'
import { find, type Registry } from '#component/registry.ts'
import { type ManifestOutput, manifestOutputId, manifest as manifestSchema } from '#contract/manifest.ts'
import { resolveOutput, upstreamProblems } from './components.ts'
import { type Problem, parseJson, problemsOf, refused } from './problems.ts'
import { hashOf } from './resolve.ts'
import { processorPlan, processorProblems } from './rules.ts'
import { processorSignalProblem } from './signals.ts'

const SOURCE = 'manifest'

export interface Overlaid {
  plan: NodePlan
  warnings: string[]
}

/**
 * `base` is the plan of the configuration file; `text` the manifest as it was stored. What a foreign controller may write
 * and this node does not know (processors of other types, further keys) is left out with a warning; what it knows must be
 * right. Throws `ConfigError`.
 */
export function overlayManifest(base: NodePlan, text: string, registry: Registry): Overlaid {
  const problems: Problem[] = []
  const warnings: string[] = []
  const parsed = manifestSchema.safeParse(parseJson(text, SOURCE))
  if (!parsed.success) throw refused(problemsOf(parsed.error, [], []), SOURCE)
  const plan: NodePlan = { ...base, hash: hashOf(text), pipelines: [...base.pipelines], outputs: [...base.outputs] }
  parsed.data.pipelines.forEach((published, i) => {
    const at = base.pipelines.findIndex((pipeline) => pipeline.id === published.name)
    if (at === -1) {
      warnings.push(`this node has no pipeline "${published.name}"; it is left out`)
      return
    }
    const path = ['pipelines', i]
    const before = base.pipelines[at]!
    const processors = (published.processors ?? []).flatMap((entry, j): ProcessorPlan[] => {
      if (find(registry.processors, entry.type) === undefined) {
        warnings.push(
          `processor "${entry.id}" is of type "${entry.type}", which this node does not know; it is left out`,
        )
        return []
      }
      const problemsBefore = processorProblems(entry, registry)
      problems.push(
        ...problemsBefore.map((problem) => ({ ...problem, path: [...path, 'processors', j, ...problem.path] })),
      )
      if (problemsBefore.length > 0) return []
      const processor = processorPlan(entry, registry)
      const message = processorSignalProblem(processor, before.signal, registry)
      if (message !== undefined) {
        problems.push({ code: 'SG_CONFIG_SIGNAL', path: [...path, 'processors', j, 'type'], message })
      }
      return [processor]
    })
    const outputs = (published.outputs ?? []).flatMap((entry, j): OutputPlan[] => {
      if (find(registry.outputs, entry.type) === undefined) {
        warnings.push(`output ${j} is of type "${entry.type}", which this node does not know; it is left out`)
        return []
      }
      const result = resolveOutput(outputEntryOf(entry, published.name, j), [...path, 'outputs', j], registry)
      problems.push(...(result.problems ?? []))
      if (result.plan === undefined) return []
      const known = base.upstreams.map(({ id }) => id)
      problems.push(...upstreamProblems(result.plan, [...path, 'outputs', j], known))
      return [result.plan]
    })
    const size = published.batch_size === undefined ? {} : { maxRecords: published.batch_size }
    plan.pipelines[at] = {
      ...before,
      processors,
      batch: { ...before.batch, ...size },
      // Any published output takes the place of what the file says; none leaves it.
      outputs: outputs.length === 0 ? before.outputs : outputs.map((output) => output.id),
    }
    for (const output of outputs) output.signal = before.signal
    plan.outputs.push(...outputs)
  })
  if (problems.length > 0) throw refused(problems, SOURCE)
  const used = new Set(plan.pipelines.flatMap((pipeline) => pipeline.outputs))
  plan.outputs = plan.outputs.filter((output) => used.has(output.id))
  return { plan, warnings }
}

/** What is wrong with an output, as it stands in a manifest or in a request of the API. Paths count from the output. */
export function outputProblems(entry: ManifestOutput, registry: Registry): Problem[] {
  return resolveOutput(outputEntryOf(entry, 'output', 0), [], registry).problems ?? []
}

function outputEntryOf(entry: ManifestOutput, pipeline: string, index: number): Record<string, unknown> {
  const filled = Object.fromEntries(
    Object.entries(entry).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  )
  return { id: manifestOutputId(entry, pipeline, index), ...filled }
}
