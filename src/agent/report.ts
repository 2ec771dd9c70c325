/**
 * Which parts of its state an agent has to tell (spec, "Agent Status Compression"): what has changed since it was told, and
 * what was told and may not have come.
 */

/** Members of `AgentToServer` that are left out while they are as they were. */
export const parts = [
  'agentDescription',
  'health',
  'effectiveConfig',
  'remoteConfigStatus',
  'customCapabilities',
  'availableComponents',
  'connectionSettingsStatus',
] as const
export type Part = (typeof parts)[number]

export class Report {
  readonly #due = new Set<Part>(parts)
  readonly #unconfirmed = new Set<Part>()

  get isDue(): boolean {
    return this.#due.size > 0
  }

  mark(...changed: readonly Part[]): void {
    for (const part of changed) this.#due.add(part)
  }

  markAll(): void {
    this.mark(...parts)
  }

  /** What has to be told now; it counts as told from here on. */
  take(): Set<Part> {
    const taken = new Set(this.#due)
    for (const part of taken) this.#unconfirmed.add(part)
    this.#due.clear()
    return taken
  }

  /** The server has answered. */
  confirmed(): void {
    this.#unconfirmed.clear()
  }

  /** What was told since the last answer is told again. */
  lost(): void {
    this.mark(...this.#unconfirmed)
    this.#unconfirmed.clear()
  }
}
