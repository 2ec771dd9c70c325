/** How a gateway comes in: where it connects, and the command that starts it with its token. */
import type { About } from '#contract/about.ts'

export interface Endpoint {
  url: string
  /** It listens for its own machine only. */
  isLocal: boolean
}

const EVERYWHERE = ['0.0.0.0', '[::]', '[::0]']
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/** As gateways reach it. A controller that listens everywhere is reached by the name by which the page was. */
export function endpointOf(opamp: NonNullable<About['opamp']>, pageHost: string): Endpoint {
  const url = new URL(opamp.address)
  const isLocal = LOOPBACK.test(url.hostname)
  const host = EVERYWHERE.includes(url.hostname) ? pageHost : url.hostname
  const scheme = url.protocol === 'https:' ? 'wss' : 'ws'
  return { url: `${scheme}://${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`, isLocal }
}

export function binaryCommand(token: string, endpoint: string): string {
  return `OPAMP_TOKEN=${token} streamgate node --opamp-endpoint ${endpoint}`
}

export function dockerCommand(token: string, endpoint: string): string {
  return [
    'docker run -d --stop-timeout 15 -p 8081:8081 -v streamgate:/data \\',
    `  -e OPAMP_TOKEN=${token} \\`,
    `  streamgate node --opamp-endpoint ${endpoint}`,
  ].join('\n')
}

/** For the supervisor of the OpenTelemetry Collector. */
export function supervisorFile(token: string, endpoint: string): string {
  return `server:
  endpoint: ${endpoint}
  headers:
    Authorization: Bearer ${token}
capabilities:
  accepts_remote_config: true
  accepts_restart_command: true
  accepts_opamp_connection_settings: true
  reports_effective_config: true
  reports_remote_config: true
  reports_health: true
  reports_available_components: true
  reports_heartbeat: true
agent:
  executable: /usr/local/bin/otelcol
storage:
  directory: /var/lib/otelcol/supervisor
`
}
