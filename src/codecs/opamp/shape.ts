/**
 * What the fields of a message are, said once, for both directions. A shape names each member of the type with its field
 * number and kind; the compiler refuses one that is left out or of another kind.
 *
 * Decoding goes by proto3: fields come in any order, unknown ones are passed by, the last of a scalar counts, sub-messages
 * that come twice are merged, and of a map's entries with one key the last counts.
 */
import { tagOf } from '../protobuf/wire.ts'
import { type Decoded, Input } from './input.ts'
import type { Kind } from './kinds.ts'
import { Output } from './output.ts'

/** By member: number and kind. Numbers go up to 15, so that tags are of one byte. */
export type Fields<T> = { readonly [K in keyof T]-?: readonly [number, Kind<NonNullable<T[K]>>] }

interface Entry {
  name: string
  number: number
  kind: Kind<unknown>
}

export class Shape<T extends object> {
  readonly #entries: readonly Entry[]
  readonly #byNumber: readonly (Entry | undefined)[]

  constructor(fields: Fields<T>) {
    const all = Object.entries(fields) as [string, readonly [number, Kind<unknown>]][]
    this.#entries = all.map(([name, [number, kind]]) => ({ name, number, kind })).sort((a, b) => a.number - b.number)
    const byNumber: (Entry | undefined)[] = Array.from({ length: 16 })
    for (const entry of this.#entries) byNumber[entry.number] = entry
    this.#byNumber = byNumber
  }

  encode(message: T): Uint8Array {
    const output = new Output()
    this.write(output, message)
    return output.finish()
  }

  decode(bytes: Uint8Array): Decoded<T> {
    const input = new Input(bytes)
    const message = this.read(input, 0, bytes.length, undefined)
    return input.error === undefined ? { ok: true, message } : { ok: false, error: input.error }
  }

  write(output: Output, message: T): void {
    const values = message as Record<string, unknown>
    for (const { name, number, kind } of this.#entries) {
      const value = values[name]
      if (value !== undefined && !kind.isEmpty(value)) kind.write(output, tagOf(number, kind.type), value)
    }
  }

  /** The message in [from, to), merged into what came of it before. What is wrong stands in the input. */
  read(input: Input, from: number, to: number, before: T | undefined): T {
    const message = before ?? this.#empty()
    const reader = input.enter(from, to)
    if (reader === undefined) return message
    const values = message as Record<string, unknown>
    while (input.error === undefined && reader.next() && input.count(reader.start)) {
      const entry = this.#byNumber[reader.field]
      if (entry === undefined || entry.kind.type !== reader.type) continue
      values[entry.name] = entry.kind.read(input, reader.from, reader.to, values[entry.name])
    }
    if (reader.broken) input.fail('malformed', reader.start)
    input.leave()
    return message
  }

  #empty(): T {
    const message: Record<string, unknown> = {}
    for (const { name, kind } of this.#entries) {
      const value = kind.empty()
      if (value !== undefined) message[name] = value
    }
    return message as T
  }
}
