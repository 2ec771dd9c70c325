/** A real syslog-ng that listens as it would in production and writes what it has understood, one message a line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from './certificate.ts'
import { freePort } from './redis.ts'
import { until } from './sinks.ts'

/** A test that fails half-way must not leave a server behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** What `lines` holds of a message; the message comes last, since it may hold the separator. */
export const FIELDS = ['facility', 'severity', 'time', 'host', 'program', 'trace_id', 'message'] as const

export class SyslogNg implements AsyncDisposable {
  readonly ports = { octets: 0, lines: 0, udp: 0, tls: 0 }
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamgate-test-syslog-ng-'))
  readonly #out = join(this.#folder, 'out.log')
  #child: ChildProcess | undefined

  async start({ certFile, keyFile }: Certificate): Promise<this> {
    for (const name of Object.keys(this.ports) as (keyof typeof this.ports)[]) this.ports[name] = await freePort()
    const file = join(this.#folder, 'syslog-ng.conf')
    const listen = (port: number) => `ip("127.0.0.1") port(${port})`
    const template =
      '$FACILITY|$LEVEL_NUM|$ISODATE|$HOST|$PROGRAM|$' +
      '{.SDATA.trace@32473.trace_id}|$(format-json --scope none m=$MSG)\\n'
    writeFileSync(
      file,
      `@version: current
options { keep-hostname(yes); keep-timestamp(yes); use-dns(no); frac-digits(6); time-zone("UTC"); flush-lines(1); };
source s {
  syslog(transport("tcp") ${listen(this.ports.octets)});
  network(transport("tcp") ${listen(this.ports.lines)} flags(syslog-protocol));
  syslog(transport("udp") ${listen(this.ports.udp)});
  syslog(transport("tls") ${listen(this.ports.tls)}
    tls(key-file("${keyFile}") cert-file("${certFile}") peer-verify(optional-untrusted)));
};
destination d { file("${this.#out}" template("${template}") template-escape(no)); };
log { source(s); destination(d); };
`,
    )
    const state = [
      '-R',
      join(this.#folder, 'persist'),
      '-p',
      join(this.#folder, 'pid'),
      '-c',
      join(this.#folder, 'ctl'),
    ]
    const child = spawn('syslog-ng', ['-F', '--no-caps', '-f', file, ...state], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    running.add(child)
    let output = ''
    child.stderr!.on('data', (chunk) => {
      output += chunk
    })
    let hasEnded = false
    child.once('exit', () => {
      running.delete(child)
      hasEnded = true
    })
    while (!(await answers(this.ports.tls))) if (hasEnded) throw new Error(`syslog-ng ended:\n${output}`)
    return this
  }

  get messages(): Record<(typeof FIELDS)[number], string>[] {
    if (!existsSync(this.#out)) return []
    const lines = readFileSync(this.#out, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => {
      const parts = line.split('|')
      const head = parts.slice(0, FIELDS.length - 1)
      const { m } = JSON.parse(parts.slice(FIELDS.length - 1).join('|')) as { m: string }
      return Object.fromEntries(FIELDS.map((field, i) => [field, [...head, m][i]!])) as never
    })
  }

  async received(count: number): Promise<void> {
    await until(() => this.messages.length >= count, `${count} messages in syslog-ng`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Whether somebody listens. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return false
  } finally {
    socket.destroy()
  }
}
