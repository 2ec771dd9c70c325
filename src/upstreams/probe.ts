/** Active health checks: one probe, and the loop that sends it again and again. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import type { HealthCheckPlan, TlsPlan } from './plan.ts'
import { socketOptions } from './tls.ts'

/** Whether the target is well. Each probe has a connection of its own: a full pool must not look like a sick server. */
export function probe(
  target: URL,
  check: HealthCheckPlan,
  tls: TlsPlan | undefined,
  end: AbortSignal,
): Promise<boolean> {
  const signal = AbortSignal.any([end, AbortSignal.timeout(check.timeoutMs)])
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

/** Probes at once and then in intervals that vary a little, until it is stopped. Keeps no process alive. */
export class ProbeLoop {
  readonly #run: (end: AbortSignal) => Promise<boolean>
  readonly #tell: (ok: boolean) => void
  readonly #check: Pick<HealthCheckPlan, 'intervalMs' | 'jitterRatio'>
  readonly #random: () => number
  readonly #end = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(
    check: Pick<HealthCheckPlan, 'intervalMs' | 'jitterRatio'>,
    run: (end: AbortSignal) => Promise<boolean>,
    tell: (ok: boolean) => void,
    random: () => number,
  ) {
    this.#check = check
    this.#run = run
    this.#tell = tell
    this.#random = random
  }

  start(): void {
    void this.#turn()
  }

  stop(): void {
    this.#end.abort()
    clearTimeout(this.#timer)
  }

  async #turn(): Promise<void> {
    const ok = await this.#run(this.#end.signal)
    if (this.#end.signal.aborted) return
    this.#tell(ok)
    this.#timer = setTimeout(() => void this.#turn(), waitMs(this.#check, this.#random()))
    this.#timer.unref()
  }
}

/** The interval, up to the jitter's share shorter or longer. `random` is in [0, 1). */
export function waitMs(check: Pick<HealthCheckPlan, 'intervalMs' | 'jitterRatio'>, random: number): number {
  return check.intervalMs * (1 + check.jitterRatio * (2 * random - 1))
}
