/** Real syslog daemons that take lines on a port of their own and forward them to us, as they would in production. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { freePort } from './redis.ts'

/** A test that fails half-way must not leave a server behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Forwarder implements AsyncDisposable {
  readonly #folder: string
  readonly #port: number
  readonly #child: ChildProcess

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder
    this.#port = port
    this.#child = child
  }

  /** `action`: what `omfwd` is told, such as `target="127.0.0.1" port="8514"`. `caFile`: whom it trusts. */
  static async rsyslog(action: string, caFile = ''): Promise<Forwarder> {
    const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-rsyslog-'))
    const port = await freePort()
    const trust = caFile === '' ? '' : ` DefaultNetstreamDriverCAFile="${caFile}"`
    writeFileSync(
      join(folder, 'rsyslog.conf'),
      `global(workDirectory="${folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"${trust})
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
action(type="omfwd" ${action})
`,
    )
    const modules = rsyslogModules()
    const flags = ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')]
    return await Forwarder.#start(folder, port, 'rsyslogd', modules === undefined ? flags : [...flags, '-M', modules])
  }

  /** `destination`: such as `syslog("127.0.0.1" transport("tcp") port(8514))`. */
  static async syslogNg(destination: string): Promise<Forwarder> {
    const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-syslog-ng-'))
    const port = await freePort()
    const file = join(folder, 'syslog-ng.conf')
    writeFileSync(
      file,
      `@version: current
options { keep-hostname(yes); keep-timestamp(yes); use-dns(no); flush-lines(1); time-reopen(1); };
source s { network(transport("tcp") ip("127.0.0.1") port(${port})); };
destination d { ${destination}; };
log { source(s); destination(d); };
`,
    )
    const state = ['-R', join(folder, 'persist'), '-p', join(folder, 'pid'), '-c', join(folder, 'ctl')]
    return await Forwarder.#start(folder, port, 'syslog-ng', ['-F', '--no-caps', '-f', file, ...state])
  }

  /** As a program on that machine would log. */
  async log(...lines: string[]): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1')
    socket.end(lines.map((line) => `${line}\n`).join(''))
    socket.resume()
    await once(socket, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL')
      await once(this.#child, 'close')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  static async #start(folder: string, port: number, command: string, flags: string[]): Promise<Forwarder> {
    const child = spawn(command, flags, { stdio: ['ignore', 'ignore', 'pipe'] })
    running.add(child)
    let output = ''
    let hasEnded = false
    child.stderr!.on('data', (chunk) => {
      output += chunk
    })
    child.once('exit', () => {
      running.delete(child)
      hasEnded = true
    })
    while (!(await answers(port))) if (hasEnded) throw new Error(`${command} ended:\n${output}`)
    return new Forwarder(folder, port, child)
  }
}

/**
 * Where its modules are when it was unpacked somewhere else than it was made for: it cannot be installed beside
 * syslog-ng.
 */
function rsyslogModules(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      const root = dirname(dirname(realpathSync(join(folder, 'rsyslogd'))))
      return globSync(join(root, 'lib/*/rsyslog'))[0]
    } catch {
      // Not in this folder.
    }
  }
  return undefined
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
