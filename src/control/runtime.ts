/** What the controller needs from the rest of the program; whoever starts it passes these in. */
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { ManifestOutput, ManifestProcessor } from '#contract/manifest.ts'
import type { NodeStats } from '#contract/stats.ts'

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

/** A way to tell nodes of a new configuration. */
export interface Publisher {
  readonly name: string
  /** Returns how many subscribers were told. Rejects when nobody could be. */
  publish(manifest: string): Promise<number>
}
