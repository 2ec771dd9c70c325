/**
 * Sends what was enqueued. Any number of controllers do so at once: who claims a delivery has it for a minute. What was sent but
 * not noted, because a controller died in between, is sent again with the same `webhook-id`.
 */
import type { WebhookKind } from '#contract/webhook.ts'
import type { Timer } from '#std/clock.ts'
import { writeAudit } from '../access/audit.ts'
import { systemPrincipal } from '../access/principal.ts'
import type { ControlContext } from '../context.ts'
import type { Tx } from '../store/database.ts'
import {
  claimDue,
  type DeliveryRow,
  dueReceivers,
  type Receiver,
  recordAttempt,
  releaseClaim,
  type Verdict,
} from './deliveries.ts'
import { Sender, type SenderOptions, type SendOutcome } from './sender.ts'
import { disableWebhook, findWebhook, openTarget, type WebhookRow } from './webhooks.ts'

const POLL_MS = 1_000
/** At once, over all webhooks; a webhook that does not answer takes no more than its share. */
const SENDING_MAX = 16
const SENDING_PER_WEBHOOK_MAX = 2
const GONE = 410

export type DelivererContext = Pick<ControlContext, 'db' | 'clock' | 'log' | 'box' | 'version'>

export interface DelivererOptions extends Omit<SenderOptions, 'version'> {
  random?: () => number
}

export class Deliverer {
  readonly #context: DelivererContext
  readonly #sender: Sender
  readonly #random: () => number
  readonly #sending = new Map<string, number>()
  readonly #inFlight = new Set<Promise<void>>()
  #stopping = new AbortController()
  #timer: Timer | undefined
  #running: Promise<unknown> = Promise.resolve()

  constructor(context: DelivererContext, { random = Math.random, ...sender }: DelivererOptions) {
    this.#context = context
    this.#sender = new Sender(context.clock, { ...sender, version: context.version })
    this.#random = random
  }

  start(): void {
    this.#stopping = new AbortController()
    this.#schedule()
  }

  /** Requests that are under way are broken off, and made again later by whoever claims them. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the controller stops'))
    this.#timer?.cancel()
    await this.#running
    await Promise.all(this.#inFlight)
  }

  /** Begins to send what is due, as far as there is room. Returns how many; `settled` waits for them. */
  async deliverDue(): Promise<number> {
    const { db, clock } = this.#context
    const room = SENDING_MAX - this.#inFlight.size
    if (room <= 0) return 0
    let begun = 0
    // Those that are busy are among them: so many more are asked for.
    for (const receiver of await dueReceivers(db, clock.wall(), SENDING_MAX * 2)) {
      const free = Math.min(SENDING_PER_WEBHOOK_MAX - (this.#sending.get(keyOf(receiver)) ?? 0), room - begun)
      if (free <= 0) continue
      for (const row of await claimDue(db, receiver, clock.wall(), free)) {
        this.#begin(receiver, row)
        begun++
      }
      if (begun >= room) break
    }
    return begun
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight)
  }

  #schedule(): void {
    this.#timer = this.#context.clock.after(POLL_MS, () => {
      this.#running = this.deliverDue()
        .catch((error: unknown) => {
          this.#context.log.error({ error: String(error) }, 'webhooks could not be delivered; they are tried again')
        })
        .finally(() => {
          if (!this.#stopping.signal.aborted) this.#schedule()
        })
    })
  }

  #begin(receiver: Receiver, row: DeliveryRow): void {
    const key = keyOf(receiver)
    this.#sending.set(key, (this.#sending.get(key) ?? 0) + 1)
    const delivery = this.#deliver(row)
      .catch((error: unknown) => {
        // Its claim runs out, and then it is sent again.
        this.#context.log.error({ delivery: row.id, error: String(error) }, 'a webhook delivery could not be noted')
      })
      .finally(() => {
        this.#inFlight.delete(delivery)
        const left = (this.#sending.get(key) ?? 1) - 1
        if (left === 0) this.#sending.delete(key)
        else this.#sending.set(key, left)
      })
    this.#inFlight.add(delivery)
  }

  async #deliver(row: DeliveryRow): Promise<void> {
    const { db, clock } = this.#context
    const { signal } = this.#stopping
    const webhook = await findWebhook(db, row.org_id, row.webhook)
    if (signal.aborted) return releaseClaim(db, row)
    const begun = clock.now()
    const at = clock.wall()
    const outcome = await this.#send(row, webhook, signal)
    if (outcome.status === null && signal.aborted) return releaseClaim(db, row)
    const { status, error, response } = outcome
    const attempt = { at, duration_ms: Math.round(clock.now() - begun), status, error, response }
    const verdict = verdictOf(row, webhook, outcome)
    await db.transaction().execute(async (tx) => {
      const state = await recordAttempt(tx, row, attempt, verdict, clock.wall(), this.#random)
      if (state !== undefined && status === GONE && webhook !== undefined) await this.#disable(tx, webhook)
      if (state === 'dead')
        this.#context.log.warn({ webhook: row.webhook, delivery: row.id, status, error }, 'a webhook was given up')
    })
  }

  async #disable(tx: Tx, { org_id, id }: WebhookRow): Promise<void> {
    const reason = 'it answered 410 Gone'
    await disableWebhook(tx, org_id, id, reason)
    const note = { action: 'webhook.disable', object: `webhooks/${id}`, reason }
    await writeAudit(tx, { ...systemPrincipal, org: org_id }, this.#context.clock.wall(), note)
  }

  async #send(row: DeliveryRow, webhook: WebhookRow | undefined, signal: AbortSignal): Promise<SendOutcome> {
    if (webhook === undefined || isOff(row, webhook)) return refusal('the webhook is disabled')
    const target = openTarget(this.#context.box, webhook)
    if (target === undefined) return refusal('its secret was sealed with another key')
    const { url, secret, previous } = target
    const isPrevious = previous !== undefined && previous.until > this.#context.clock.wall()
    const secrets = [secret, isPrevious ? previous.secret : undefined].filter((it) => it !== undefined)
    const { message_id: id, body } = row
    return this.#sender.send({ kind: webhook.kind as WebhookKind, url, secrets, id, body }, signal)
  }
}

function verdictOf(row: DeliveryRow, webhook: WebhookRow | undefined, { status, retryAfterMs }: SendOutcome): Verdict {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' }
  if (status === GONE || webhook === undefined || isOff(row, webhook)) return { state: 'dead' }
  // Who tries it out waits for the answer, not for a better one.
  if (row.type === 'webhook.test') return { state: 'dead' }
  return { state: 'pending', retryAfterMs }
}

function isOff({ type }: DeliveryRow, { enabled }: WebhookRow): boolean {
  return enabled === 0 && type !== 'webhook.test'
}

function refusal(error: string): SendOutcome {
  return { status: null, error, response: null, retryAfterMs: 0 }
}

function keyOf({ org_id, webhook }: Receiver): string {
  return JSON.stringify([org_id, webhook])
}
