import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { paint, version } from './terminal.ts'

export async function generalHelp(): Promise<string> {
  const known = await Promise.all(Object.values(commands).map((load) => load()))
  const width = Math.max(...known.map((command) => command.name.length))
  const lines = known.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return `${bold('streamgate')} ${version}: an observability firewall

Usage: streamgate COMMAND [OPTIONS]

${lines.join('\n')}

  --help     This text; streamgate COMMAND --help tells more
  --version  The version

Exit codes: 0 done, 1 failure, 2 wrong usage, 78 wrong configuration.
`
}

export function helpFor(command: Command): string {
  const options = Object.entries(command.options).map(([name, spec]) => [
    `${spec.short === undefined ? '' : `-${spec.short}, `}--${name}${spec.value === undefined ? '' : ` ${spec.value}`}`,
    spec.about,
  ])
  options.push(['--help', 'This text'])
  const width = Math.max(...options.map(([name]) => name!.length))
  const lines = options.map(([name, about]) => `  ${name!.padEnd(width)}  ${about}`)
  return `${command.summary}

Usage: streamgate ${command.name} ${[command.usage, '[OPTIONS]'].filter(Boolean).join(' ')}

${lines.join('\n')}

Examples:
${command.examples.map((example) => `  ${example}`).join('\n')}
`
}

function bold(text: string): string {
  return paint('bold', text, process.stdout)
}
