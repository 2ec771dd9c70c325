/**
 * Connection settings that the server offers (spec, "OpAMP Connection Setting Offer Flow"): kept as a candidate, tried, and
 * only then in the place of the old ones; reverted and reported as failed when they do not work.
 */
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import type {
  ConnectionSettingsOffers,
  ConnectionSettingsStatus,
  TelemetryConnectionSettings,
} from '#codecs/opamp/messages.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import type { StateFile, StoredOwnMetrics } from './agent-state.ts'
import { Allowance } from './allowance.ts'
import { type Connection, fingerprint, isSameConnection, overlaid, readOffer, secrets, textOf } from './connection.ts'

/** Where the node is to send metrics of its own, by OTLP over HTTP. */
export interface OwnMetrics {
  endpoint: string
  headers: Record<string, Secret>
  /** PEM. */
  ca?: string | undefined
  cert?: string | undefined
  key?: Secret | undefined
}

/** New connection settings have to work within. */
export const CANDIDATE_MS = 30_000

/** A server that gives the same settings another hash with every message is followed now and then. */
const BURST = 5
const TAKE_EVERY_MS = 5_000

export interface SettingsHooks {
  /** Leaves the server and comes again. */
  connect(connection: Connection): void
  /** 0: none; undefined: as usual. */
  heartbeat(seconds: number | undefined): void
  /** The status is another. */
  changed(): void
  ownMetrics: ((settings: OwnMetrics) => void) | undefined
}

export class SettingsOffers {
  readonly #base: Connection
  readonly #file: StateFile
  readonly #hooks: SettingsHooks
  readonly #clock: Clock
  readonly #log: Logger
  /** Runs while a candidate is tried. */
  #trial: Timer | undefined
  readonly #allowance: Allowance
  /** Runs while an offer waits. */
  #later: Timer | undefined

  /**
   * `base`: the connection of the options. Settings that were offered to other options are void; but a token that is only taken
   * away, as its work is done, leaves what it has brought.
   */
  constructor(base: Connection, file: StateFile, hooks: SettingsHooks, clock: Clock, log: Logger) {
    this.#base = base
    this.#file = file
    this.#hooks = hooks
    this.#clock = clock
    this.#log = log
    this.#allowance = new Allowance(clock, BURST, TAKE_EVERY_MS)
    const [place, basis] = basisOf(base)
    const isSame = base.headers['authorization'] === undefined ? file.state.basis?.startsWith(place) : undefined
    if (!(isSame ?? file.state.basis === basis)) {
      file.save({ basis, connection: undefined, candidate: undefined, connection_settings: undefined })
    }
  }

  /** Whether settings can be accepted: those that would be lost at the end are not. */
  get isAble(): boolean {
    return this.#file.isDurable
  }

  get status(): ConnectionSettingsStatus {
    const { hash, status, error } = this.#file.state.connection_settings ?? { hash: '', status: 0, error: '' }
    return { lastConnectionSettingsHash: new Uint8Array(Buffer.from(hash, 'hex')), status, errorMessage: error }
  }

  /** What to begin with. A candidate that was not tried to its end is tried again. */
  start(): Connection {
    const { candidate, connection, own_metrics } = this.#file.state
    if (own_metrics !== undefined) this.#hooks.ownMetrics?.(withSecrets(own_metrics))
    if (candidate !== undefined) this.#try()
    const chosen = candidate ?? connection
    if (chosen !== undefined) this.#hooks.heartbeat(chosen.heartbeat_s)
    return overlaid(this.#base, chosen)
  }

  take(offers: ConnectionSettingsOffers): void {
    const hash = Buffer.from(offers.hash).toString('hex')
    if (this.#trial !== undefined || !this.isAble || hash === this.#file.state.connection_settings?.hash) return
    const waitMs = this.#allowance.take()
    this.#later?.cancel()
    if (waitMs > 0) {
      this.#later = this.#clock.after(waitMs, () => this.take(offers))
      return
    }
    const { opamp, ownMetrics } = offers
    const current = overlaid(this.#base, this.#file.state.connection)
    const stored = opamp === undefined ? undefined : readOffer(opamp, current)
    if (typeof stored === 'string') {
      this.#end(hash, stored)
      return
    }
    if (ownMetrics !== undefined) this.#takeOwnMetrics(ownMetrics)
    if (stored === undefined) {
      this.#end(hash, undefined)
      return
    }
    const next = overlaid(this.#base, stored)
    if (isSameConnection(next, current)) {
      this.#file.save({ connection: stored })
      this.#hooks.heartbeat(stored.heartbeat_s)
      this.#end(hash, undefined)
      return
    }
    const status = { hash, status: SettingsStatus.applying, error: '' }
    if (!this.#file.save({ candidate: stored, connection_settings: status })) {
      this.#file.save({ candidate: undefined })
      this.#end(hash, 'the settings cannot be kept on disk')
      return
    }
    this.#hooks.changed()
    this.#try()
    this.#log.info(
      { host: new URL(stored.endpoint).host },
      'trying the connection settings that the opamp server offers',
    )
    this.#hooks.heartbeat(stored.heartbeat_s)
    this.#hooks.connect(next)
  }

  /** The server has answered over the candidate. */
  confirmed(): void {
    if (this.#trial === undefined) return
    this.close()
    this.#file.save({ connection: this.#file.state.candidate, candidate: undefined })
    this.#log.info({}, 'the connection settings that the opamp server offered are in use')
    this.#end(this.#file.state.connection_settings?.hash ?? '', undefined)
  }

  /** The candidate does not work. */
  failed(reason: string): void {
    if (this.#trial === undefined) return
    this.close()
    this.#file.save({ candidate: undefined })
    this.#log.warn(
      { reason },
      'the connection settings that the opamp server offered do not work; back to the old ones',
    )
    const { connection } = this.#file.state
    this.#hooks.heartbeat(connection?.heartbeat_s)
    this.#hooks.connect(overlaid(this.#base, connection))
    this.#end(this.#file.state.connection_settings?.hash ?? '', reason)
  }

  /** Ends the trial without a result; the next start tries again. */
  close(): void {
    this.#later?.cancel()
    this.#trial?.cancel()
    this.#trial = undefined
  }

  #try(): void {
    this.#trial = this.#clock.after(CANDIDATE_MS, () => this.failed('the server did not answer'))
  }

  #end(hash: string, error: string | undefined): void {
    const status = error === undefined ? SettingsStatus.applied : SettingsStatus.failed
    this.#file.save({ connection_settings: { hash, status, error: error ?? '' } })
    this.#hooks.changed()
  }

  #takeOwnMetrics(settings: TelemetryConnectionSettings): void {
    if (this.#hooks.ownMetrics === undefined) return
    const { certificate, tls } = settings
    const ca = textOf(certificate?.caCert) ?? (tls?.caPemContents || undefined)
    const cert = textOf(certificate?.cert)
    const key = textOf(certificate?.privateKey)
    const stored: StoredOwnMetrics = {
      endpoint: settings.destinationEndpoint,
      headers: Object.fromEntries((settings.headers?.headers ?? []).map((header) => [header.key, header.value])),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    }
    this.#file.save({ own_metrics: stored })
    this.#hooks.ownMetrics(withSecrets(stored))
  }
}

/** The connection without and with its token. */
function basisOf(base: Connection): [string, string] {
  const { authorization: _, ...headers } = base.headers
  const place = `${fingerprint({ ...base, headers })} `
  return [place, place + fingerprint(base)]
}

function withSecrets({ headers, key, ...rest }: StoredOwnMetrics): OwnMetrics {
  return { ...rest, headers: secrets(headers), key: key === undefined ? undefined : new Secret(key) }
}
