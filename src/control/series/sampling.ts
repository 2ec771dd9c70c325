/**
 * Asks gateways for samples once a minute, so that there is something to tell services and severities by. Which gateways are
 * asked, and how many, is for whoever answers; they stand for all of their configuration.
 */
import type { SampleWindow } from '#contract/observation.ts'
import type { Timer } from '#std/clock.ts'
import type { ControlContext } from '../context.ts'
import type { StatsInbox } from './inbox.ts'

const EVERY_MS = 60_000

/** `since`: Unix milliseconds; older windows are not needed. */
export type AskForSamples = (
  org: string,
  configuration: string,
  since: number,
) => Promise<{ samples: readonly { gateway: string; windows: readonly SampleWindow[] }[] }>

export class Sampling {
  readonly #context: Pick<ControlContext, 'clock' | 'log'>
  readonly #inbox: StatsInbox
  readonly #ask: AskForSamples
  #timer: Timer | undefined

  constructor(context: Pick<ControlContext, 'clock' | 'log'>, inbox: StatsInbox, ask: AskForSamples) {
    this.#context = context
    this.#inbox = inbox
    this.#ask = ask
  }

  start(): void {
    this.#timer = this.#context.clock.after(EVERY_MS, () => {
      this.start()
      void this.run()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** One configuration after the other: what they answer takes room. */
  async run(): Promise<void> {
    for (const { org, configuration } of this.#inbox.live.configurations()) {
      try {
        const { samples } = await this.#ask(org, configuration, this.#context.clock.wall() - EVERY_MS)
        for (const { gateway, windows } of samples) this.#inbox.sampled(org, gateway, windows)
      } catch (error) {
        this.#context.log.warn({ configuration, reason: String(error) }, 'gateways could not be asked for samples')
      }
    }
  }
}
