/** Tells the node in the same process. */
import type { ManifestPublisher } from './manifest-bus.ts'

export class MemoryBus implements ManifestPublisher {
  readonly name = 'memory'
  readonly #subscribers: ((manifest: string) => void)[] = []

  subscribe(subscriber: (manifest: string) => void): void {
    this.#subscribers.push(subscriber)
  }

  async publish(manifest: string): Promise<number> {
    for (const subscriber of this.#subscribers) subscriber(manifest)
    return this.#subscribers.length
  }
}
