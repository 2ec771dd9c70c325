/** The decoders of the registry, by the number under which the intake knows them: their place in the list. */
import type { EngineRegistry } from '#component/registry.ts'
import { assert } from '#std/assert.ts'
import type { Decoder, DecoderDefinition } from '#telemetry/decoder.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { PendingEntry } from './intake-writer.ts'

export class Decoders {
  readonly #definitions: readonly DecoderDefinition[]
  readonly #decoders: (Decoder | undefined)[] = []
  readonly #numbers: Map<string, number>

  constructor({ decoders }: Pick<EngineRegistry, 'decoders'>) {
    this.#definitions = decoders
    this.#numbers = new Map(decoders.map(({ name }, number) => [name, number]))
  }

  /** Sources name decoders of the registry only. */
  numberOf(name: string): number {
    const number = this.#numbers.get(name)
    assert(number !== undefined, `decoder ${name} is registered`)
    return number
  }

  definition(number: number): DecoderDefinition {
    return this.#definitions[number]!
  }

  /** The one instance of these decoders: what it gave out is good until it is used again. */
  decoder(number: number): Decoder {
    this.#decoders[number] ??= this.definition(number).create()
    return this.#decoders[number]
  }

  isLinewise(number: number): boolean {
    return this.definition(number).linewise === true
  }

  signalOf(entry: PendingEntry): Signal {
    return this.definition(entry.framing).format.signal
  }

  /** Records of what is left of an entry, and their bytes without separators (for lines ended by `\r\n`, the `\r` counts). */
  count(entry: PendingEntry): { records: number; bytes: number } {
    return this.decoder(entry.framing).count(entry, entry.at)
  }
}
