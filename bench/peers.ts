/** Other programs that do a like job. Those that are on PATH run beside us; the others are left out, and that is said. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Program {
  name: string
  version: string
  command: string[]
  port: number
}

const config = (name: string) => fileURLToPath(new URL(`peers/${name}`, import.meta.url))

/** The first line of what the program says of its version; undefined when it is not there. */
function versionOf(command: string, ...args: string[]): string | undefined {
  try {
    const text = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return /\d+\.\d+(\.\d+)?/.exec(text)?.[0]
  } catch {
    return undefined
  }
}

function existsOnPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${command}`))
}

function peer(name: string, version: string | undefined, port: number, command: string[]): Program | undefined {
  return version === undefined ? undefined : { name, version, port, command }
}

export function relays(): Program[] {
  const command = ['haproxy', '-db', '-f', config('haproxy-tcp.cfg')]
  return [peer('haproxy (bytes only)', versionOf('haproxy', '-v'), 18094, command)].flatMap((found) => found ?? [])
}

export function routers(scratch: string): Program[] {
  const syslogNg = ['-F', '-f', config('syslog-ng.conf'), `--persist-file=${scratch}/syslog-ng.persist`]
  const files = [`--pidfile=${scratch}/syslog-ng.pid`, `--control=${scratch}/syslog-ng.ctl`]
  return [
    peer('syslog-ng', versionOf('syslog-ng', '--version'), 18093, ['syslog-ng', ...syslogNg, ...files]),
    peer('rsyslog (drop only)', versionOf('rsyslogd', '-v'), 18091, [
      'rsyslogd',
      '-n',
      '-f',
      config('rsyslog.conf'),
      '-i',
      `${scratch}/rsyslog.pid`,
    ]),
    peer('fluent-bit (drop only)', versionOf('fluent-bit', '--version'), 18092, [
      'fluent-bit',
      '-c',
      config('fluent-bit.conf'),
    ]),
  ].flatMap((found) => found ?? [])
}

/** Of remote write: takes it and sends it on. */
export function agents(scratch: string, port: number, sinkPort: number): Program[] {
  const command = [
    'vmagent',
    `-httpListenAddr=127.0.0.1:${port}`,
    `-remoteWrite.url=http://127.0.0.1:${sinkPort}/api/v1/write`,
    `-remoteWrite.tmpDataPath=${scratch}/vmagent`,
    '-remoteWrite.flushInterval=100ms',
    '-loggerLevel=ERROR',
  ]
  // Debian's says nothing of its version.
  return [peer('vmagent', existsOnPath('vmagent') ? '' : undefined, port, command)].flatMap((found) => found ?? [])
}

/** Of OTLP; `contrib` because the plain one has no rules. */
export function collectors(): Program[] {
  const command = ['otelcol-contrib', '--config', config('otelcol.yaml')]
  return [peer('otelcol-contrib', versionOf('otelcol-contrib', '--version'), 18089, command)].flatMap(
    (found) => found ?? [],
  )
}
