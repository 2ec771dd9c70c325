/** Tells the node in the same process. */
import type { Publisher } from '../runtime.ts'

export class MemoryBus implements Publisher {
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
