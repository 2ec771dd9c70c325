/** Clients that send numbered records over HTTP, and again, in other bodies, until each was answered with 202. */
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Issued, type Obligations, recordText } from './obligations.ts'

/** A body ends with the record that makes it larger than this. */
const BODY_BYTES_MAX = 60_000
const BODY_RECORDS_MAX = 60
const ANSWER_MS_MAX = 3_000
const PAUSE_MS_MAX = 8
const RETRY_MS_MAX = 40
/** Of one producer; it then only sends again what was not taken. */
const RECORDS_MAX = 30_000
const BYTES_MAX = 12 * 1024 * 1024
/** Also what JSON escapes, and characters of two, three and four bytes. */
const ALPHABET = [...'abcdefghij 0123456789 {}[],: "\\/\t\u00e4\u20ac\u{1f525}']

export interface Target {
  /** Undefined while nobody listens. */
  address(): string | undefined
}

export class Producer {
  readonly #name: string
  readonly #target: Target
  readonly #obligations: Obligations
  readonly #random: () => number
  readonly #textCharactersMax: number
  readonly #pending: Issued[] = []
  #issued = 0
  #issuedBytes = 0
  #ended = false
  #givenUp = false

  constructor(name: string, target: Target, obligations: Obligations, random: () => number, textCharactersMax: number) {
    this.#name = name
    this.#target = target
    this.#obligations = obligations
    this.#random = random
    this.#textCharactersMax = textCharactersMax
  }

  /** Resolves when everything was taken after `end`, or after `giveUp`. Never rejects. */
  async run(): Promise<void> {
    while (!this.#givenUp) {
      const records = this.#nextBody()
      if (records.length === 0) {
        if (this.#ended) return
        await sleep(PAUSE_MS_MAX)
        continue
      }
      const attempt = this.#obligations.send(records)
      const taken = await this.#post(records)
      this.#obligations.answered(attempt, taken)
      if (!taken) this.#pending.push(...records)
      await sleep(this.#random() * (taken ? PAUSE_MS_MAX : RETRY_MS_MAX))
    }
  }

  /** Nothing new is made any more. */
  end(): void {
    this.#ended = true
  }

  giveUp(): void {
    this.#givenUp = true
  }

  #nextBody(): Issued[] {
    const records: Issued[] = []
    const most = 1 + Math.floor(this.#random() * BODY_RECORDS_MAX)
    for (let bytes = 0; records.length < most && bytes < BODY_BYTES_MAX; ) {
      const record = this.#pending.shift() ?? this.#make()
      if (record === undefined) break
      records.push(record)
      bytes += record.text.length
    }
    return records
  }

  #make(): Issued | undefined {
    if (this.#ended || this.#issued >= RECORDS_MAX || this.#issuedBytes >= BYTES_MAX) return undefined
    const id = `${this.#name}-${String(this.#issued++).padStart(6, '0')}`
    // A few long ones among many short ones.
    const length = Math.floor(this.#random() ** 3 * this.#textCharactersMax)
    const piece = Array.from({ length: Math.min(length, 40) }, () => this.#character()).join('')
    const text = recordText(id, piece.repeat(Math.ceil(length / 40)))
    this.#issuedBytes += text.length
    return this.#obligations.issue(id, text)
  }

  #character(): string {
    return ALPHABET[Math.floor(this.#random() * ALPHABET.length)]!
  }

  async #post(records: readonly Issued[]): Promise<boolean> {
    const address = this.#target.address()
    if (address === undefined) return false
    const texts = records.map(({ text }) => text)
    const isArray = this.#random() < 0.3
    const isCompressed = this.#random() < 0.2
    const body = Buffer.from(isArray ? `[${texts.join(',')}]` : `${texts.join('\n')}\n`)
    const headers: Record<string, string> = { 'content-type': isArray ? 'application/json' : 'application/x-ndjson' }
    if (isCompressed) headers['content-encoding'] = 'gzip'
    try {
      const answer = await fetch(address, {
        method: 'POST',
        headers,
        body: isCompressed ? gzipSync(body) : body,
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      })
      await answer.arrayBuffer().catch(() => undefined)
      return answer.status === 202
    } catch {
      return false
    }
  }
}
