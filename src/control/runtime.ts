/** What the controller needs from the rest of the program; whoever starts it passes these in. */
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { ManifestOutput, ManifestProcessor } from '#contract/manifest.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { VersionRow } from './configurations/configurations.ts'

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
}

/** A way to tell gateways of a version that has become live. */
export interface Publisher {
  readonly name: string
  /** Returns how many were told; 0 when this way does not serve the configuration. Rejects when nobody could be. */
  publish(version: VersionRow): Promise<number>
}
