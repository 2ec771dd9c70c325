/** Gives each encoder the records in a format that it reads: as they are, or else as JSON, made once for all that want it. */
import { Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'

export class Readable {
  readonly #json = new Block()
  #converted = false

  /** The records to be read are others from now on. */
  begin(): void {
    this.#converted = false
  }

  for(encoder: Encoder, block: Block): Block {
    const { format } = block.context
    if (format.name === 'text' || encoder.formats?.includes(format.name) === true) return block
    if (!this.#converted) format.toJson(block, this.#json)
    this.#converted = true
    return this.#json
  }
}
