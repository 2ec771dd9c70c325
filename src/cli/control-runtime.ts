/** What a controller may ask of the rest of this program: the registry, the engine, and the node in the process. */
import { extname } from 'node:path'
import { outputProblems, processorPlan, processorProblems } from '#config/manifest.ts'
import { pointer } from '#config/problems.ts'
import { documentProblems } from '#config/published.ts'
import type { ManifestProcessor } from '#contract/manifest.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { Replayed, RuleTraits } from '#control/receipts/replayed.ts'
import type { Runtime } from '#control/runtime.ts'
import { replayInWorker } from '#engine/replay-runner.ts'
import { traitsOf } from '#engine/traits.ts'
import { registry } from '#registry.ts'

const REPLAY_WORKER_URL = new URL(`../replay-worker${extname(import.meta.url)}`, import.meta.url)

export function runtimeOf(stats: () => NodeStats | undefined): Runtime {
  const complaints = (problems: ReturnType<typeof processorProblems>) =>
    problems.map(({ path, message }) => ({ pointer: pointer(path), detail: message }))
  return {
    stats,
    checkRule: (rule) => complaints(processorProblems(rule, registry)),
    checkOutput: (output) => complaints(outputProblems(output, registry)),
    checkDocument: (document) => complaints(documentProblems(document, registry)),
    traits: Object.fromEntries(
      registry.processors.map(({ name }): [string, RuleTraits] => [name, traitsOf(name, registry)!]),
    ),
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
