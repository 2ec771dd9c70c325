/** What the controller needs from the rest of the program; whoever starts it passes these in. */
import type { ComponentCatalog } from '#contract/component.ts'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { ManifestOutput, ManifestProcessor } from '#contract/manifest.ts'
import type { RecordText } from '#contract/observation.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { AnalysisResults, AnalysisTask } from './analysis.ts'
import type { VersionRow } from './configurations/configurations.ts'
import type { GatewaySample } from './receipts/input.ts'
import type { Replayed, Rule, RuleTraits } from './receipts/replayed.ts'

/** One thing that is wrong: a JSON Pointer into what was sent, and what it is. */
export interface Complaint {
  pointer: string
  detail: string
}

export interface Runtime {
  /** The books of the node in this process; undefined when there is none. */
  stats(): NodeStats | undefined
  /** What a node would refuse. */
  checkRule(rule: ManifestProcessor): Complaint[]
  checkOutput(output: ManifestOutput): Complaint[]
  /** What is wrong with a configuration of the kind `streamgate`; pointers count from the document. */
  checkDocument(document: ConfigurationDocument): Complaint[]
  /** All that configurations can be made of. The same for the life of the process. */
  catalog(): ComponentCatalog
  /** What is known of each type of processor. */
  readonly traits: Readonly<Record<string, RuleTraits>>
  /**
   * Runs each chain over the records as a node would, in a thread of its own. Rejects with `StreamgateError` when it takes too
   * long, or a rule cannot be compiled.
   */
  replay(chains: readonly (readonly Rule[])[], records: readonly ReplayRecord[]): Promise<Replayed[]>
  /** In a thread of its own. Rejects with `StreamgateError` when that takes too long. */
  analyse<Kind extends AnalysisTask['kind']>(
    task: Extract<AnalysisTask, { kind: Kind }>,
  ): Promise<AnalysisResults[Kind]>
}

/** `at`: when it came in, Unix milliseconds. */
export type ReplayRecord = RecordText & { at: number }

/** Gateways that are connected to this controller, as far as others ask them for records. */
export interface GatewayRecords {
  /** What the gateways of a configuration have sampled lately. Those that do not answer in time are left out, and counted. */
  samples(org: string, configuration: string): Promise<GatewaySamples>
}

export interface GatewaySamples {
  asked: number
  answered: number
  samples: GatewaySample[]
}

/** A way to tell gateways of a version that has become live. */
export interface Publisher {
  readonly name: string
  /** Returns how many were told; 0 when this way does not serve the configuration. Rejects when nobody could be. */
  publish(version: VersionRow): Promise<number>
}
