/** A configuration of a controller, as commands use it. */
import { z } from 'zod'
import {
  configuration,
  DEFAULT_CONFIGURATION,
  type DiffEntry,
  diff,
  type Plan,
  type PublishPolicy,
  plan,
  published,
  type Version,
  version,
} from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import { receipt } from '#contract/receipt.ts'
import { type Answer, type ApiClient, apiFrom, apiOptions } from './api-client.ts'
import type { Tree } from './document-files.ts'

export type Flags = Readonly<Record<string, string | boolean | undefined>>
export type Published = z.output<typeof published>
export type StoredReceipt = z.output<typeof storedReceipt>

export const configurationOptions = {
  ...apiOptions,
  configuration: { type: 'string', value: 'NAME', about: `Which configuration (${DEFAULT_CONFIGURATION}).` },
  json: { type: 'boolean', about: 'JSON instead of text.' },
} as const

/** Gateways are asked for their samples, and rules are run over them. */
const RECEIPT_TIMEOUT_MS = 120_000

const tree = z.record(z.string(), z.unknown())
const storedReceipt = z.object({ id: z.string(), receipt })

/** Throws `StreamgateError`. */
export function configurationFrom(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ConfigurationApi {
  return new ConfigurationApi(apiFrom(flags, env), String(flags['configuration'] ?? DEFAULT_CONFIGURATION))
}

/** All methods reject with `ApiError` when the controller says no. */
export class ConfigurationApi {
  readonly client: ApiClient
  readonly name: string
  readonly #path: string

  constructor(client: ApiClient, name: string) {
    this.client = client
    this.name = name
    this.#path = `/api/v1/configurations/${encodeURIComponent(name)}`
  }

  async read(): Promise<Answer<z.output<typeof configuration>>> {
    return await this.client.call('GET', this.#path, { schema: configuration })
  }

  async setPolicy(policy: PublishPolicy, ifMatch: string | undefined): Promise<void> {
    await this.client.call('PATCH', this.#path, { body: { policy }, ifMatch })
  }

  async draft(): Promise<{ document: Tree; etag: string | undefined }> {
    const { body, etag } = await this.client.call('GET', `${this.#path}/draft`, { schema: tree })
    return { document: body, etag }
  }

  /** Gives the entity tag that the draft has then. */
  async replaceDraft(document: unknown, ifMatch: string | undefined, isDry: boolean): Promise<string | undefined> {
    const call = { body: document, ifMatch, query: dry(isDry) }
    return (await this.client.call('PUT', `${this.#path}/draft`, call)).etag
  }

  async plan(document: unknown): Promise<Plan> {
    return (await this.client.call('POST', `${this.#path}/plan`, { body: { document }, schema: plan })).body
  }

  async diff(from: string, to: string): Promise<DiffEntry[]> {
    return (await this.client.call('GET', `${this.#path}/diff`, { query: { from, to }, schema: diff })).body.entries
  }

  async export(content: string): Promise<Tree> {
    return (await this.client.call('GET', `${this.#path}/export`, { query: { content }, schema: tree })).body
  }

  /** Newest first, at most `limit`. */
  async versions(limit: number): Promise<Version[]> {
    const found: Version[] = []
    for await (const item of this.client.list(`${this.#path}/versions`, { limit: Math.min(limit, 100) })) {
      found.push(itemOf(item, version))
      if (found.length >= limit) break
    }
    return found
  }

  /** With `ifMatch` only the draft that has this entity tag. */
  async publish(
    body: { message: string; receipt?: string },
    { ifMatch, isDry }: { ifMatch?: string | undefined; isDry: boolean },
  ): Promise<Published> {
    const call = { body, ifMatch, query: dry(isDry), schema: published }
    return (await this.client.call('POST', `${this.#path}/publish`, call)).body
  }

  async restore(number: number, body: { message: string; receipt?: string }, isDry: boolean): Promise<Published> {
    const call = { body, query: dry(isDry), schema: published }
    return (await this.client.call('POST', `${this.#path}/versions/${number}/restore`, call)).body
  }

  async receipt(of: { content: string } | { document: unknown }): Promise<StoredReceipt> {
    const call = { body: of, timeoutMs: RECEIPT_TIMEOUT_MS, schema: storedReceipt }
    return (await this.client.call('POST', `${this.#path}/receipts`, call)).body
  }
}

/** One of a list, as this version knows it. Throws `StreamgateError`. */
export function itemOf<Schema extends z.ZodType>(item: unknown, schema: Schema): z.output<Schema> {
  const { success, data } = schema.safeParse(item)
  if (success) return data
  throw new StreamgateError('SG_USAGE', 'the controller lists something that this version does not know')
}

/** `draft`, `live` or the number of a version. Throws `StreamgateError`. */
export function contentFrom(text: string): string {
  if (/^(draft|live|[1-9]\d{0,8})$/.test(text)) return text
  throw new StreamgateError('SG_USAGE', `a content is "draft", "live" or the number of a version, not "${text}"`)
}

/** Throws `StreamgateError`. */
export function numberFrom(text: string, what: string, max = 999_999_999): number {
  const number = Number(text)
  if (/^[1-9]\d{0,8}$/.test(text) && number <= max) return number
  throw new StreamgateError('SG_USAGE', `${what} is a number from 1 to ${max}, not "${text}"`)
}

function dry(isDry: boolean): { dry_run?: boolean } {
  return isDry ? { dry_run: true } : {}
}
