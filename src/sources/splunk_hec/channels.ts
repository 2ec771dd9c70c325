/**
 * Acknowledgements for senders that ask for them: each request on a channel gets a number, which is told to be safe
 * once, to who asks, when what it brought is safe. Numbers and channels are bounded; a channel that is not used for a
 * while is forgotten.
 */
import type { Clock } from '#std/clock.ts'

/** A channel that nobody has used for so long may go, as in Splunk. */
const IDLE_MS = 600_000

interface Channel {
  next: number
  /** By number: whether it is safe. Told ones are gone. */
  safe: Map<number, boolean>
  usedAt: number
}

export interface ChannelLimits {
  channelsMax: number
  /** Numbers of all channels together that have not been told. */
  numbersMax: number
}

export class Channels {
  readonly #limits: ChannelLimits
  readonly #clock: Clock
  /** Longest unused first. */
  readonly #channels = new Map<string, Channel>()
  #untold = 0

  constructor(limits: ChannelLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Whether there is a number left for one request more. Makes the channel if need be. */
  hasRoom(name: string): boolean {
    return this.#use(name) !== undefined && this.#untold < this.#limits.numbersMax
  }

  /** The number of a request that was taken. What is not safe in the end is never told to be. */
  number(name: string, safe: Promise<boolean>): number | undefined {
    const channel = this.#use(name)
    if (channel === undefined || this.#untold >= this.#limits.numbersMax) return undefined
    const number = channel.next++
    channel.safe.set(number, false)
    this.#untold++
    void safe.then((isSafe) => {
      if (!isSafe) this.#drop(channel, number)
      else if (channel.safe.has(number)) channel.safe.set(number, true)
    })
    return number
  }

  /** Whether each of them is safe; true only once. */
  tell(name: string, numbers: readonly number[]): Record<string, boolean> {
    const channel = this.#use(name)
    const told: Record<string, boolean> = {}
    for (const number of numbers) {
      const isSafe = channel?.safe.get(number) === true
      told[number] = isSafe || told[number] === true
      if (isSafe) this.#drop(channel!, number)
    }
    return told
  }

  #drop(channel: Channel, number: number): void {
    if (channel.safe.delete(number)) this.#untold--
  }

  /** Undefined: there are too many in use. */
  #use(name: string): Channel | undefined {
    const now = this.#clock.now()
    const known = this.#channels.get(name)
    if (known === undefined && !this.#makeRoom(now)) return undefined
    const channel = known ?? { next: 0, safe: new Map(), usedAt: now }
    channel.usedAt = now
    this.#channels.delete(name)
    this.#channels.set(name, channel)
    return channel
  }

  #makeRoom(now: number): boolean {
    for (const [name, { usedAt, safe }] of this.#channels) {
      if (now - usedAt < IDLE_MS) break
      this.#channels.delete(name)
      this.#untold -= safe.size
      safe.clear()
    }
    return this.#channels.size < this.#limits.channelsMax
  }
}
