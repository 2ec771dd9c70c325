/** What a controller may ask of the rest of this program: the registry, the engine, and the node in the process. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { catalogOf } from '#config/catalog.ts'
import { outputProblems } from '#config/manifest.ts'
import { pointer } from '#config/problems.ts'
import { documentProblems } from '#config/published.ts'
import { processorPlan, processorProblems } from '#config/rules.ts'
import type { ComponentCatalog } from '#contract/component.ts'
import { StreamgateError } from '#contract/error.ts'
import type { ManifestProcessor } from '#contract/manifest.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { AnalysisResults, AnalysisTask } from '#control/analysis.ts'
import type { Replayed, RuleTraits } from '#control/receipts/replayed.ts'
import type { Runtime } from '#control/runtime.ts'
import { replayInWorker } from '#engine/replay-runner.ts'
import { traitsOf } from '#engine/traits.ts'
import { registry } from '#registry.ts'

const REPLAY_WORKER_URL = new URL(`../replay-worker${extname(import.meta.url)}`, import.meta.url)
const ANALYSIS_WORKER_URL = new URL(`../analysis-worker${extname(import.meta.url)}`, import.meta.url)

export function runtimeOf(stats: () => NodeStats | undefined): Runtime {
  const complaints = (problems: ReturnType<typeof processorProblems>) =>
    problems.map(({ path, message }) => ({ pointer: pointer(path), detail: message }))
  let catalog: ComponentCatalog | undefined
  return {
    stats,
    checkRule: (rule) => complaints(processorProblems(rule, registry)),
    checkOutput: (output) => complaints(outputProblems(output, registry)),
    checkDocument: (document) => complaints(documentProblems(document, registry)),
    catalog: () => {
      catalog ??= catalogOf(registry)
      return catalog
    },
    traits: Object.fromEntries(
      registry.processors.map(({ name }): [string, RuleTraits] => [name, traitsOf(name, registry)!]),
    ),
    analyse,
    async replay(chains, records): Promise<Replayed[]> {
      const candidates = chains.map((rules, i) => ({
        id: String(i),
        processors: rules.map((rule) => processorPlan(rule as ManifestProcessor, registry)),
      }))
      const results = await replayInWorker({ candidates, records: [...records], measureCpu: true }, REPLAY_WORKER_URL)
      return results.map((result) => ({ ...result, cpu_ns_per_record: result.cpu_ns_per_record ?? 0 }))
    },
  }
}

const ANALYSIS_MS_MAX = 20_000
const ANALYSIS_HEAP_MB = 512

async function analyse<Kind extends AnalysisTask['kind']>(
  task: Extract<AnalysisTask, { kind: Kind }>,
): Promise<AnalysisResults[Kind]> {
  const worker = new Worker(ANALYSIS_WORKER_URL, {
    workerData: task,
    name: 'analysis',
    resourceLimits: { maxOldGenerationSizeMb: ANALYSIS_HEAP_MB },
  })
  const { promise, resolve, reject } = Promise.withResolvers<AnalysisResults[Kind]>()
  const fail = (reason: string) =>
    reject(new StreamgateError('SG_REPLAY', `the sample cannot be reckoned up: ${reason}`))
  const timer = setTimeout(() => fail(`it takes longer than ${ANALYSIS_MS_MAX} ms`), ANALYSIS_MS_MAX)
  worker.once('message', resolve)
  worker.once('error', (error) => fail(error.message))
  worker.once('exit', () => fail('its thread ended'))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
