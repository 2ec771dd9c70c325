/** How to send one line to a source, as a command to copy. */
import type { NodeStats, SourceBooks } from '#contract/stats.ts'

export interface Way {
  id: string
  label: string
  /** What the command does, in a sentence. */
  hint: string
  command: string
}

/** A place where lines are taken. `host`: how the machine is called where an address names all of its interfaces. */
export interface Listening {
  host: string
  sources: readonly Pick<SourceBooks, 'id' | 'type' | 'address'>[]
}

const LINE = 'INFO: hello from my first line'
const ONLY_HERE = ' It listens on loopback only: run this on the machine of the gateway.'

/** One for each source that takes plain lines, and has an address of its own. */
export function waysOf(places: readonly Listening[]): Way[] {
  const many = places.length > 1
  return places.flatMap(({ host, sources }) =>
    sources.flatMap((source): Way[] =>
      source.address.split(' ').flatMap((address): Way[] => {
        const target = targetOf(address, host)
        const make = target && makers[source.type]
        if (!target || !make) return []
        const made = make(target)
        if (made === undefined) return []
        return [
          {
            id: `${host}/${source.id}/${address}`,
            label: many ? `${made.label} to ${host}` : made.label,
            hint: `${made.hint}${target.isLoopback ? ONLY_HERE : ''}`,
            command: made.command,
          },
        ]
      }),
    ),
  )
}

/** Of the node beside this controller where it is known, else of the gateways that have reported. */
export function placesOf(own: NodeStats | undefined, nodes: readonly NodeStats[], pageHost: string): Listening[] {
  if (own !== undefined) return [{ host: pageHost, sources: own.sources }]
  return nodes.slice(0, 3).map(({ id, sources }) => ({ host: id, sources }))
}

interface Target {
  scheme: string
  host: string
  port: string
  /** For URLs: IPv6 in brackets. */
  authority: string
  isLoopback: boolean
}

export function targetOf(address: string, otherwise: string): Target | undefined {
  const match = /^([a-z]+):\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/.exec(address)
  if (match === null) return undefined
  const [, scheme = '', v6, name, port = ''] = match
  const given = v6 ?? name ?? ''
  const host = given === '0.0.0.0' || given === '::' ? bare(otherwise) : given
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    scheme,
    host,
    port,
    authority,
    isLoopback: given === '::1' || given.startsWith('127.') || given === 'localhost',
  }
}

type Maker = (target: Target) => Omit<Way, 'id'> | undefined

const makers: Record<string, Maker> = {
  tcp: ({ scheme, host, port, authority }) =>
    scheme === 'tcp'
      ? { label: 'TCP', hint: 'One line over a connection.', command: `echo "${LINE}" | nc -w1 ${host} ${port}` }
      : {
          label: 'TLS',
          hint: 'One line over an encrypted connection.',
          command: `echo "${LINE}" | openssl s_client -quiet -no_ign_eof -connect ${authority}`,
        },
  http: ({ scheme, authority }) => ({
    label: 'HTTP',
    hint: 'Each line of the body is a record.',
    command: `curl -d "${LINE}" ${scheme}://${authority}/`,
  }),
  udp: ({ host, port }) => ({
    label: 'UDP',
    hint: 'One datagram, as logger writes it for syslog.',
    command: `logger --udp --server ${host} --port ${port} "${LINE}"`,
  }),
  syslog: ({ scheme, host, port }) =>
    scheme === 'udp' || scheme === 'tcp'
      ? {
          label: `Syslog over ${scheme.toUpperCase()}`,
          hint: 'One message of syslog.',
          command: `logger --${scheme} --server ${host} --port ${port} "${LINE}"`,
        }
      : undefined,
}

/** The name of the page's host has IPv6 in brackets. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
