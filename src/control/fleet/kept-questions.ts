/**
 * Asks nodes that are connected here about what they have kept: dead letters, and what their rules dropped. Each question has one
 * answer or none, waits a bounded time for it, and only so many wait at once.
 */
import type { z } from 'zod'
import { customTypes } from '#contract/fleet.ts'
import {
  type KeptAsk,
  type KeptRefusal,
  type KeptReply,
  type KeptTopic,
  keptAnswer,
  keptQuestions,
} from '#contract/kept-messages.ts'
import type { Clock } from '#std/clock.ts'
import { uuidv7 } from '#std/uuid.ts'
import { sendCustom, speaksOurs } from './custom.ts'
import type { LiveGateway } from './live.ts'

export const KEPT_QUESTIONS_MAX = 256

/**
 * Why there is no answer. `away`: it is not connected here. `http`: over plain HTTP it cannot be asked. `foreign`: it does not
 * know our messages. `silent`: it has not answered in time. `gone`: it went away before it answered. `strange`: what it answered
 * is none. `crowded`: too many wait for answers.
 */
export type NoAnswer = KeptRefusal | 'away' | 'http' | 'foreign' | 'silent' | 'gone' | 'strange' | 'crowded'
export type KeptOutcome<Topic extends KeptTopic> =
  | { answer: KeptReply<Topic>; refused?: undefined }
  | { refused: NoAnswer }

interface Question {
  topic: KeptTopic
  live: LiveGateway
  end(outcome: KeptOutcome<KeptTopic>): void
}

export class KeptQuestions {
  readonly #clock: Clock
  readonly #find: (org: string, uid: string) => LiveGateway | undefined
  readonly #waiting = new Map<string, Question>()

  constructor(clock: Clock, find: (org: string, uid: string) => LiveGateway | undefined) {
    this.#clock = clock
    this.#find = find
  }

  /** Never rejects. */
  ask<Topic extends KeptTopic>(
    org: string,
    uid: string,
    topic: Topic,
    ask: KeptAsk<Topic>,
    timeoutMs: number,
  ): Promise<KeptOutcome<Topic>> {
    const live = this.#find(org, uid)
    const refused = whyNot(live)
    if (live === undefined || refused !== undefined) return Promise.resolve({ refused: refused ?? 'away' })
    if (this.#waiting.size >= KEPT_QUESTIONS_MAX) return Promise.resolve({ refused: 'crowded' })
    const request = uuidv7(this.#clock.wall())
    const { promise, resolve } = Promise.withResolvers<KeptOutcome<KeptTopic>>()
    const timer = this.#clock.after(timeoutMs, () => end({ refused: 'silent' }))
    const end = (outcome: KeptOutcome<KeptTopic>) => {
      timer.cancel()
      this.#waiting.delete(request)
      resolve(outcome)
    }
    this.#waiting.set(request, { topic, live, end })
    sendCustom(live, customTypes.kept, { request, topic, ask })
    return promise as Promise<KeptOutcome<Topic>>
  }

  /** False: that is no answer of ours. */
  heard(live: LiveGateway, value: unknown): boolean {
    const said = keptAnswer.safeParse(value)
    if (!said.success) return false
    const question = this.#waiting.get(said.data.request)
    // Too late, or somebody else's.
    if (question === undefined || question.live.key !== live.key) return true
    const { refused, answer } = said.data
    if (refused !== undefined) {
      question.end({ refused })
      return true
    }
    const parsed = keptQuestions[question.topic].answer.safeParse(answer) as z.ZodSafeParseResult<KeptReply<KeptTopic>>
    question.end(parsed.success ? { answer: parsed.data } : { refused: 'strange' })
    return parsed.success
  }

  /** It is not connected here any more. */
  left(live: LiveGateway): void {
    for (const { live: asked, end } of [...this.#waiting.values()]) if (asked === live) end({ refused: 'gone' })
  }

  close(): void {
    for (const { end } of [...this.#waiting.values()]) end({ refused: 'gone' })
  }
}

function whyNot(live: LiveGateway | undefined): NoAnswer | undefined {
  if (live === undefined || live.gateway.connectedAt === null) return 'away'
  if (live.connection === undefined) return 'http'
  return speaksOurs(live) ? undefined : 'foreign'
}
