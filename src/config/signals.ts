/** Whether everything in a pipeline is for the signal that it carries. */
import type { OutputPlan, PipelinePlan, ProcessorPlan } from '#component/plan.ts'
import { find, type Registry } from '#component/registry.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { Path, Problem } from './problems.ts'
import type { Document } from './schema.ts'

/** Gives each output the signal of its pipelines. `pipelines` and `outputs` are what could be resolved of the document. */
export function checkSignals(
  document: Document,
  pipelines: readonly PipelinePlan[],
  outputs: readonly OutputPlan[],
  registry: Registry,
): Problem[] {
  const problems: Problem[] = []
  const carriers = new Map<string, PipelinePlan>()
  pipelines.forEach((pipeline, p) => {
    const path: Path = ['pipelines', p]
    const { id, signal } = pipeline
    const refuse = (at: Path, message: string) =>
      problems.push({ code: 'SG_CONFIG_SIGNAL', path: [...path, ...at], message })
    pipeline.sources.forEach((source, i) => {
      const type = document.sources.find((entry) => entry.id === source)?.type
      const definition = find(registry.sources, type ?? '')
      if (definition === undefined) return
      const brings = definition.signals ?? ['logs']
      if (brings.includes(signal)) return
      refuse(['sources', i], `source "${source}" (${type}) brings ${brings.join(', ')}; ${wants(id, signal)}`)
    })
    for (const processor of pipeline.processors) {
      const problem = processorSignalProblem(processor, signal, registry)
      // Processors that could not be resolved are not in the plan: the place is that in the document.
      const at = document.pipelines[p]!.processors.findIndex((entry) => entry.id === processor.id)
      if (problem !== undefined) refuse(['processors', at, 'type'], `${problem}; ${wants(id, signal)}`)
    }
    pipeline.outputs.forEach((name, i) => {
      const output = outputs.find((output) => output.id === name)
      if (output === undefined) return
      const takes = find(registry.outputs, output.type)!.signals ?? ['logs']
      const carrier = carriers.get(name)
      if (!takes.includes(signal)) {
        refuse(['outputs', i], `output "${name}" (${output.type}) takes ${takes.join(', ')}; ${wants(id, signal)}`)
      } else if (carrier !== undefined && carrier.signal !== signal) {
        const message = `output "${name}" has ${carrier.signal} from pipeline "${carrier.id}" already: one output carries one signal`
        refuse(['outputs', i], `${message}; make another for ${signal}`)
      } else {
        carriers.set(name, pipeline)
        output.signal = signal
      }
    })
    if (signal !== 'logs' && pipeline.keepDropped !== undefined) {
      refuse(['keep_dropped'], `only what is dropped of logs can be kept; ${wants(id, signal)}`)
    }
  })
  return problems
}

/** What is wrong with a processor in a pipeline of this signal, if anything is. */
export function processorSignalProblem(
  processor: ProcessorPlan,
  signal: Signal,
  registry: Pick<Registry, 'processors'>,
): string | undefined {
  const { signals } = find(registry.processors, processor.type)!
  if (signals.includes(signal)) return undefined
  return `processor "${processor.id}" (${processor.type}) works on ${signals.join(', ')}`
}

function wants(id: string, signal: Signal): string {
  return `pipeline "${id}" carries ${signal} (its option signal)`
}
