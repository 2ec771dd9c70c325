/** Finds the command and turns whatever happens into an exit code and a message. */
import { parseArgs } from 'node:util'
import { StreamgateError } from '#contract/error.ts'
import { commands } from './commands.ts'
import { generalHelp, helpFor } from './help.ts'
import { paint, version } from './terminal.ts'

/** `BAD_CONFIGURATION` is EX_CONFIG of sysexits.h. */
export const ExitCode = { OK: 0, FAILURE: 1, USAGE: 2, BAD_CONFIGURATION: 78 } as const

export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await generalHelp())
    return name === undefined ? ExitCode.USAGE : ExitCode.OK
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(`${version}\n`)
    return ExitCode.OK
  }
  if (!Object.hasOwn(commands, name)) return usage(`there is no command "${name}"`, 'streamgate --help')
  const command = await commands[name]!()
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    })
    if (values.help === true) {
      process.stdout.write(helpFor(command))
      return ExitCode.OK
    }
    const { min, max } = command.positionals
    if (positionals.length < min || positionals.length > max) {
      return usage(`${name} takes ${min === 0 ? 'no argument' : command.usage}`, `streamgate ${name} --help`)
    }
    return await command.run(values, positionals)
  } catch (error) {
    return failed(error, name)
  }
}

function failed(error: unknown, name: string): number {
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    return usage(error.message, `streamgate ${name} --help`)
  }
  if (error instanceof StreamgateError) {
    process.stderr.write(`${paint('red', 'error')} ${error.message}\n`)
    return error.code.startsWith('SG_CONFIG') || error.code.startsWith('SG_PATTERN')
      ? ExitCode.BAD_CONFIGURATION
      : ExitCode.FAILURE
  }
  process.stderr.write(
    `${paint('red', 'error')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return ExitCode.FAILURE
}

function usage(what: string, help: string): number {
  process.stderr.write(`${paint('red', 'error')} ${what}\nTry: ${help}\n`)
  return ExitCode.USAGE
}
