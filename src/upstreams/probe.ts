/** Active health checks: one probe, and the loop that sends it again and again. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import type { HealthCheckPlan, TlsPlan } from './plan.ts'
import { socketOptions } from './tls.ts'

/**
 * Whether the target is well. Each probe has a connection of its own: a full pool must not look like a sick server.
 * Ends when `signal` aborts, and then nobody is well.
 */
export function probe(
  target: URL,
  check: HealthCheckPlan,
  tls: TlsPlan | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  return check.type === 'tcp' ? probeTcp(target, signal) : probeHttp(target, check, tls, signal)
}

function probeTcp(target: URL, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80)
    const socket = connect({ host, port, signal })
    socket.unref()
    socket.on('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}

function probeHttp(
  target: URL,
  { path, statuses }: HealthCheckPlan,
  tls: TlsPlan | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const url = new URL(target.pathname.replace(/\/$/, '') + path, target.origin)
    const options = { method: 'GET', agent: false, signal, headers: { 'user-agent': 'streamgate-health' } }
    const request =
      url.protocol === 'https:' ? requestHttps(url, { ...options, ...socketOptions(tls) }) : requestHttp(url, options)
    request.on('socket', (socket) => socket.unref())
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      resolve(statuses.some(([from, to]) => status >= from && status <= to))
      // The status is the answer; a long body is of no interest.
      response.destroy()
    })
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false))
    request.end()
  })
}

type LoopPlan = Pick<HealthCheckPlan, 'intervalMs' | 'timeoutMs' | 'jitterRatio'>

/** Probes at once and then in intervals that vary a little, until it is stopped. Keeps no process alive. */
export class ProbeLoop {
  readonly #plan: LoopPlan
  readonly #run: (signal: AbortSignal) => Promise<boolean>
  readonly #tell: (ok: boolean) => void
  readonly #random: () => number
  #timer: NodeJS.Timeout | undefined
  #current: AbortController | undefined
  #stopped = false

  constructor(
    plan: LoopPlan,
    run: (signal: AbortSignal) => Promise<boolean>,
    tell: (ok: boolean) => void,
    random: () => number,
  ) {
    this.#plan = plan
    this.#run = run
    this.#tell = tell
    this.#random = random
  }

  start(): void {
    void this.#turn()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#current?.abort()
  }

  async #turn(): Promise<void> {
    const current = new AbortController()
    this.#current = current
    this.#timer = setTimeout(() => current.abort(), this.#plan.timeoutMs).unref()
    const ok = await this.#run(current.signal).catch(() => false)
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#tell(ok)
    // Whoever is told may stop it.
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#turn(), waitMs(this.#plan, this.#random())).unref()
  }
}

/** The interval, up to the jitter's share shorter or longer. `random` is in [0, 1). */
export function waitMs({ intervalMs, jitterRatio }: LoopPlan, random: number): number {
  return intervalMs * (1 + jitterRatio * (2 * random - 1))
}
