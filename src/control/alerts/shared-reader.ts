/** Reads of one organisation in one evaluation: rules with the same scope share what is read. */
import type { AlertScope } from '#contract/alert.ts'
import type { AlertSource, GatewayObservation, MinuteObservation } from './source.ts'

export class SharedReader {
  readonly #source: AlertSource
  readonly #org: string
  readonly #to: number
  readonly #minutes = new Map<string, Promise<MinuteObservation[]>>()
  #gateways: Promise<GatewayObservation[]> | undefined
  constructor(source: AlertSource, org: string, to: number) {
    this.#source = source
    this.#org = org
    this.#to = to
  }
  minutes(scope: AlertScope, from: number): Promise<MinuteObservation[]> {
    const key = JSON.stringify([from, Object.entries(scope).sort()])
    let read = this.#minutes.get(key)
    if (read === undefined) {
      read = this.#source.minutes(this.#org, scope, from, this.#to)
      this.#minutes.set(key, read)
    }
    return read
  }
  gateways(): Promise<GatewayObservation[]> {
    this.#gateways ??= this.#source.gateways(this.#org)
    return this.#gateways
  }
}
