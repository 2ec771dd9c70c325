/**
 * What a node runs: its own file, and over it what a controller gives, be that a manifest over Redis or a document over
 * OpAMP. The newest that works counts, and is kept on disk for the next start.
 */
import { readLastGood, writeLastGood } from '#agent/last-good.ts'
import type { ApplyResult, ConfigFiles } from '#agent/remote-config.ts'
import type { AgentConfigFile } from '#codecs/opamp/messages.ts'
import type { NodePlan } from '#component/plan.ts'
import { type Flags, type Loaded, loadConfig } from '#config/load.ts'
import { overlayManifest } from '#config/manifest.ts'
import { mergeDocument, overlayDocument } from '#config/published.ts'
import { type ConfigurationDocument, configurationDocument } from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import { DOCUMENT_FILE, SECRETS_FILE } from '#contract/fleet.ts'
import { masked } from '#control/configurations/masking.ts'
import { manifestOf } from '#control/configurations/projection.ts'
import type { Logger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { Secret } from '#std/secret.ts'
import { yaml } from '#std/yaml.ts'
import { requiredRules } from './required-rules.ts'

/** What lies over the file. */
export type Overlay =
  | { kind: 'none' }
  | { kind: 'manifest'; text: string }
  | { kind: 'document'; text: string; secrets: ReadonlyMap<string, Secret> }

/** Puts a plan to work, make before break. Rejects with the reason; then the old one goes on. */
export type ApplyPlan = (plan: NodePlan) => Promise<void>

const NOTHING: Overlay = { kind: 'none' }

export class NodeConfiguration {
  readonly #flags: Flags
  readonly #log: Logger
  readonly #dataDir: string
  #file: Pick<Loaded, 'plan' | 'value'>
  #overlay: Overlay = NOTHING
  #isPartial = false
  #apply: ApplyPlan | undefined
  /** One change after the other, so that what is noted is what runs. */
  #last: Promise<unknown> = Promise.resolve()
  /** Called when something else runs than before. */
  onChange: (() => void) | undefined

  constructor(loaded: Loaded, flags: Flags, log: Logger) {
    this.#flags = flags
    this.#log = log
    this.#dataDir = loaded.settings.dataDir
    this.#file = loaded
  }

  /**
   * What to start with: `given`, or what worked last. What does not fit any more must not keep a node from starting, but its
   * required rules run in any case. Throws `StreamgateError` when not even they can.
   */
  initial(given: Overlay | undefined): NodePlan {
    const overlay = given ?? this.#lastGood()
    try {
      const plan = this.#planOf(overlay)
      this.#overlay = overlay
      return plan
    } catch (error) {
      if (!(error instanceof StreamgateError)) throw error
      return this.#withoutMisfit(overlay, error)
    }
  }

  #withoutMisfit(overlay: Overlay, { message: reason }: StreamgateError): NodePlan {
    this.#isPartial = true
    const rest = requiredRules(overlay, this.#file.value, registry)
    if (rest === undefined) {
      this.#log.error({ reason }, 'the last published configuration does not fit; starting without it')
      return this.#file.plan
    }
    try {
      const plan = this.#planOf(rest)
      this.#overlay = rest
      this.#log.error(
        { reason },
        'the last published configuration does not fit; starting with its required rules alone',
      )
      return plan
    } catch (error) {
      if (!(error instanceof StreamgateError)) throw error
      const remedy = `mend it, or remove ${this.#dataDir}/last-good.json to start without`
      const text = `required rules of the last published configuration cannot run: ${error.message}; ${remedy}`
      throw new StreamgateError('SG_CONFIG_INVALID', text, { cause: error })
    }
  }

  /** From now on changes are put to work by `apply`. */
  started(apply: ApplyPlan): void {
    this.#apply = apply
  }

  get overlay(): Overlay {
    return this.#overlay
  }

  /** What was given last runs as it was given. */
  get isWhole(): boolean {
    return !this.#isPartial && this.#overlay.kind !== 'none'
  }

  /** The manifest that what runs amounts to; undefined when nothing was given. */
  get manifest(): string | undefined {
    return manifestTextOf(this.#overlay)
  }

  /** Rejects with the reason when it is refused. What a document that runs amounts to is no news. */
  async takeManifest(text: string): Promise<void> {
    await this.#inTurn(async () => {
      if (this.manifest !== text) await this.#take({ kind: 'manifest', text })
    })
  }

  /** Files of an OpAMP server: our own, or one of any name that holds a document or a manifest. None: the file alone. */
  async takeFiles(files: ConfigFiles): Promise<ApplyResult> {
    try {
      const overlay = overlayOf(files)
      await this.#inTurn(async () => {
        if (!isSame(overlay, this.#overlay)) await this.#take(overlay)
      })
      return { status: 'applied' }
    } catch (error) {
      return { status: 'failed', error: error instanceof Error ? error.message : String(error) }
    }
  }

  /** Reads the file again, and lays over it what was given. */
  async reread(): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#file
      try {
        this.#file = loadConfig(this.#flags, process.env, registry)
        await this.#run(this.#overlay)
      } catch (error) {
        this.#file = before
        throw error
      }
    })
    this.onChange?.()
  }

  /** As it may be told to others: what was given, and what came of it with the file. Secrets are masked. */
  effective(): Map<string, AgentConfigFile> {
    const overlay = this.#overlay
    const files = new Map<string, AgentConfigFile>()
    if (overlay.kind === 'document') files.set(DOCUMENT_FILE, jsonFile(masked(JSON.parse(overlay.text))))
    if (overlay.kind === 'manifest') files.set('manifest.json', jsonFile(masked(JSON.parse(overlay.text))))
    const value = overlay.kind === 'document' ? mergeDocument(this.#file.value, overlay.text).value : this.#file.value
    files.set('effective.json', jsonFile(masked(value)))
    return files
  }

  async #take(overlay: Overlay): Promise<void> {
    await this.#run(overlay)
    this.#overlay = overlay
    this.#isPartial = false
    writeLastGood(this.#dataDir, textOf(overlay), this.#log)
    this.onChange?.()
  }

  async #run(overlay: Overlay): Promise<void> {
    const plan = this.#planOf(overlay)
    if (this.#apply === undefined) throw new StreamgateError('SG_RELOAD', 'the node has not been started')
    await this.#apply(plan)
  }

  #planOf(overlay: Overlay): NodePlan {
    if (overlay.kind === 'none') return this.#file.plan
    const { plan, warnings } =
      overlay.kind === 'manifest'
        ? overlayManifest(this.#file.plan, overlay.text, registry)
        : overlayDocument(this.#file.value, overlay.text, registry, process.env, overlay.secrets)
    for (const warning of warnings) this.#log.warn({ hash: plan.hash }, warning)
    return plan
  }

  #lastGood(): Overlay {
    const text = readLastGood(this.#dataDir, this.#log)
    if (text === undefined || text === '') return NOTHING
    try {
      const kept = JSON.parse(text) as { kind?: string; text?: string; secrets?: Record<string, string> }
      if (kept.kind === 'none') return NOTHING
      if (kept.kind === 'document' && typeof kept.text === 'string')
        return { kind: 'document', text: kept.text, secrets: secretsOf(kept.secrets) }
    } catch {
      // What is no JSON is refused with a reason as the manifest that it should be.
    }
    return { kind: 'manifest', text }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}

function manifestTextOf(overlay: Overlay): string | undefined {
  if (overlay.kind === 'none') return undefined
  if (overlay.kind === 'manifest') return overlay.text
  const manifest = manifestOf(configurationDocument.parse(JSON.parse(overlay.text)) as ConfigurationDocument)
  return manifest === undefined ? undefined : JSON.stringify(manifest)
}

/** As it is kept on disk, for the owner alone: a node that starts without a controller needs the secrets too. */
function textOf(overlay: Overlay): string {
  if (overlay.kind === 'manifest') return overlay.text
  if (overlay.kind === 'none') return JSON.stringify(overlay)
  const secrets = Object.fromEntries([...overlay.secrets].map(([name, value]) => [name, value.reveal()]))
  return JSON.stringify({ kind: 'document', text: overlay.text, secrets })
}

/** Throws when the files hold no configuration. */
function overlayOf(files: ConfigFiles): Overlay {
  const documents = [...files].filter(([name]) => name !== SECRETS_FILE)
  if (documents.length === 0) return NOTHING
  const file = files.get(DOCUMENT_FILE) ?? documents[0]![1]
  if (documents.length > 1 && !files.has(DOCUMENT_FILE))
    throw new StreamgateError('SG_CONFIG_INVALID', `one file was expected, not ${documents.length}`)
  const text = Buffer.from(file.body).toString('utf8')
  const value: unknown = yaml().parse(text)
  if ((Object(value) as { version?: unknown }).version === '1.0')
    return { kind: 'manifest', text: text.trimStart().startsWith('{') ? text : JSON.stringify(value) }
  const secrets = files.get(SECRETS_FILE)
  return {
    kind: 'document',
    text: files.has(DOCUMENT_FILE) ? text : JSON.stringify(value),
    secrets: secretsOf(secrets === undefined ? {} : JSON.parse(Buffer.from(secrets.body).toString('utf8'))),
  }
}

function secretsOf(values: unknown): Map<string, Secret> {
  const entries = Object.entries(Object(values) as Record<string, unknown>)
  return new Map(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, new Secret(value)]] : [])))
}

function isSame(a: Overlay, b: Overlay): boolean {
  return a.kind === b.kind && textOf(a) === textOf(b)
}

function jsonFile(value: unknown): AgentConfigFile {
  return { body: Buffer.from(JSON.stringify(value)), contentType: 'application/json' }
}
