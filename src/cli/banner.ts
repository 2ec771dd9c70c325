/** A few lines that say where everything is. On stderr: stdout is for records. */
import { paint, version } from './terminal.ts'

export interface Banner {
  listening: { id: string; type: string; address: string }[]
  admin?: string | undefined
  control?: string | undefined
  redis?: string | undefined
  dataDir: string
}

export function printBanner({ listening, admin, control, redis, dataDir }: Banner): void {
  const rows = listening.map(({ id, address }) => [id, address])
  if (control !== undefined) rows.push(['API', `${control}  (documentation at ${control}/docs)`])
  if (admin !== undefined) rows.push(['metrics', `${admin}/metrics`])
  if (redis !== undefined) rows.push(['redis', redis])
  rows.push(['data', dataDir])
  const width = Math.max(...rows.map(([name]) => name!.length))
  const lines = rows.map(([name, where]) => `  ${paint('dim', name!.padEnd(width))}  ${where}`)
  const hint = hintFor(listening)
  process.stderr.write(`\n${paint('bold', 'StreamGate')} ${version}\n${lines.join('\n')}\n${hint}\n`)
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
