/** The HTTP listeners of a node: one for each address that sources name, shared by all that name it. */
import type { HttpListeners, Mount, Mounted } from '#component/exchange.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import { HttpServer, type Tenant } from './http-server.ts'
import { parseListen } from './listen.ts'
import { listenerIdentity } from './options.ts'

interface Shared {
  server: HttpServer
  host: string
  identity: string
  /** Settles when it has closed. */
  closed: Promise<void> | undefined
}

export class SharedHttpListeners implements HttpListeners {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #shared = new Set<Shared>()
  /** Mounts come one after the other, so that two for one address do not both open it. */
  #mounting: Promise<unknown> = Promise.resolve()

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  mount(mount: Mount): Promise<Mounted> {
    const mounted = this.#mounting.then(() => this.#mount(mount))
    this.#mounting = mounted.catch(() => undefined)
    return mounted
  }

  async #mount(mount: Mount): Promise<Mounted> {
    const shared = await this.#find(mount)
    if (shared !== undefined) return this.#join(shared, mount)
    const { options, source } = mount
    const server = new HttpServer(options, this.#clock, this.#log, source.id)
    // Before it listens: no request may come before its route.
    const tenant = server.add(mount)
    await server.open()
    const { host } = parseListen(options.listen)!
    const opened: Shared = { server, host, identity: listenerIdentity(options), closed: undefined }
    this.#shared.add(opened)
    return this.#mounted(opened, tenant)
  }

  /** What listens at the address already; one that is closing is waited for. */
  async #find({ options }: Mount): Promise<Shared | undefined> {
    const { host, port } = parseListen(options.listen)!
    if (port === 0) return undefined
    for (const shared of this.#shared) {
      if (shared.host !== host || shared.server.port !== port) continue
      if (shared.closed === undefined) return shared
      await shared.closed
    }
    return undefined
  }

  #join(shared: Shared, mount: Mount): Mounted {
    const { server } = shared
    if (listenerIdentity(mount.options) !== shared.identity) {
      const pair = `Source "${mount.source.id}" and source "${server.eldest?.mount.source.id}"`
      const what = `share ${server.address()}, but ask for different listeners`
      const remedy = 'give both the same tls, allow, connections_max, timeouts and keep_alive_ms, or other addresses'
      throw new StreamgateError('SG_LISTEN', `${pair} ${what}: ${remedy}.`)
    }
    return this.#mounted(shared, server.add(mount))
  }

  #mounted(shared: Shared, tenant: Tenant): Mounted {
    let removed: Promise<void> | undefined
    return {
      address: () => shared.server.address(),
      unmount: () => {
        removed ??= this.#unmount(shared, tenant)
        return removed
      },
    }
  }

  #unmount(shared: Shared, tenant: Tenant): Promise<void> {
    const removed = shared.server.remove(tenant)
    if (!shared.server.isEmpty) return removed
    shared.closed = removed.then(() => void this.#shared.delete(shared))
    return shared.closed
  }
}
