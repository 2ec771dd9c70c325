/** Real servers and programs that tests use where they are installed. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

/**
 * Whether a command is there to be used. When it is not, the test is marked as skipped with a printed reason, and should
 * return; with `STREAMGATE_TEST_SERVICES=required` it fails instead.
 */
export function requireService(t: TestContext, command: string): boolean {
  return requireOneOf(t, [command]) !== undefined
}

/** The path of the first of these commands that is there, or undefined by the same rule. */
export function requireOneOf(t: TestContext, commands: readonly string[]): string | undefined {
  const found = commands.map(pathOf).find((path) => path !== undefined)
  if (found !== undefined) return found
  const reason = `${commands.join(' or ')} is not installed`
  if (process.env['STREAMGATE_TEST_SERVICES'] === 'required') throw new Error(`${reason}, and services are required`)
  t.skip(reason)
  return undefined
}

function pathOf(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, command)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
