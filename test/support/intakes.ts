/** A vendor's intake in front of a fake one, and what engines would make of what it put there. */
import { find } from '#component/registry.ts'
import type { SourceDefinition } from '#component/source.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'
import { engineRegistry } from '../../src/engine-registry.ts'
import { decodeEntry } from './decoding.ts'
import { FakeIntake, FakeSourceContext } from './fake-intake.ts'

export interface Sent {
  status: number
  headers: Headers
  text: string
  json: unknown
}

export class IntakeWorld implements AsyncDisposable {
  readonly context: FakeSourceContext
  readonly intake: FakeIntake
  readonly #source: ReturnType<SourceDefinition['create']>

  private constructor(definition: SourceDefinition, options: object, clock: Clock, intake: FakeIntake) {
    this.intake = intake
    this.context = new FakeSourceContext(intake, clock)
    if ('durable' in options) this.context.durable = options.durable === true
    const { durable: _, ...rest } = options as { durable?: boolean }
    this.#source = definition.create(definition.config.parse({ listen: '127.0.0.1:0', ...rest }), this.context)
  }

  static async start(
    definition: unknown,
    options: object = {},
    clock: Clock = systemClock,
    intake = new FakeIntake(),
  ): Promise<IntakeWorld> {
    const world = new IntakeWorld(definition as SourceDefinition, options, clock, intake)
    await world.#source.start()
    return world
  }

  get url(): string {
    return this.#source.address()
  }

  async send(method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) {
    const init = { method, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) }
    const response = await fetch(this.url + path, init)
    const text = await response.text()
    const sent: Sent = { status: response.status, headers: response.headers, text, json: parsed(text) }
    return sent
  }

  post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Sent> {
    return this.send('POST', path, body, headers)
  }

  /** All records, in order. Fails when a decoder finds something malformed. */
  records(): string[] {
    return this.intake.entries.flatMap(({ framing, bytes }) => {
      const definition = find<DecoderDefinition>(engineRegistry.decoders, framing)
      const { records, malformed } = decodeEntry(definition!, bytes)
      if (malformed > 0) throw new Error(`${malformed} malformed in an entry of ${framing}`)
      return records
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.stop()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
