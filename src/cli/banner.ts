/** A few lines that say where everything is. On stderr: stdout is for records. */
import { paint, version } from './terminal.ts'

export interface Banner {
  listening: { id: string; type: string; address: string }[]
  admin?: string | undefined
  control?: {
    address: string
    dashboard: string | undefined
    opamp: string | undefined
    firstLogin: string | undefined
    auth: 'required' | 'open'
  }
  /** The OpAMP server that the node follows. */
  follows?: string | undefined
  redis?: string | undefined
  dataDir: string
}

export function printBanner({ listening, admin, control, follows, redis, dataDir }: Banner): void {
  const rows = listening.map(({ id, address }) => [id, address])
  if (control?.dashboard !== undefined) rows.push(['dashboard', control.dashboard])
  if (control !== undefined) rows.push(['API', `${control.address}  (documentation at ${control.address}/docs)`])
  if (control?.opamp !== undefined) rows.push(['OpAMP', control.opamp])
  if (follows !== undefined) rows.push(['follows', follows])
  if (admin !== undefined) rows.push(['metrics', `${admin}/metrics`])
  if (redis !== undefined) rows.push(['redis', redis])
  rows.push(['data', dataDir])
  const width = Math.max(...rows.map(([name]) => name!.length))
  const lines = rows.map(([name, where]) => `  ${paint('dim', name!.padEnd(width))}  ${where}`)
  const parts = [...lines, accessText(control), hintFor(listening)].filter((part) => part !== '')
  process.stderr.write(`\n${paint('bold', 'StreamGate')} ${version}\n${parts.join('\n')}\n\n`)
}

/** Who may use the API, and how the first one gets in. */
function accessText(control: Banner['control']): string {
  if (control === undefined) return ''
  if (control.auth === 'open') {
    const where = paint('yellow', `OPEN: whoever reaches ${control.address} is an owner.`)
    return `\n  ${where} Set control.auth: required to ask for credentials.`
  }
  if (control.firstLogin === undefined) return ''
  return `\n  First login: ${control.firstLogin}\n  (works once, for 24 hours; a new start replaces it)`
}

/** What to type first, where something takes bare lines; other sources over TCP have protocols of their own. */
export function hintFor(listening: Banner['listening']): string {
  const lines = listening.find(({ type }) => type === 'tcp')
  return lines === undefined
    ? ''
    : `\n  Try: echo "DEBUG: test log" | nc localhost ${lines.address.split(':').at(-1)}\n`
}

/** Without the password. */
export function redisText(address: { url: string } | { host: string; port: number }): string {
  if ('host' in address) return `${address.host}:${address.port}`
  return URL.canParse(address.url) ? new URL(address.url).host : 'as configured'
}
