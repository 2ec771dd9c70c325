/** Real servers that tests use where they are installed. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

/**
 * Whether a command is there to be used. When it is not, the test is marked as skipped with a printed reason, and should
 * return; with `STREAMGATE_TEST_SERVICES=required` it fails instead.
 */
export function requireService(t: TestContext, command: string): boolean {
  if (isOnPath(command)) return true
  const reason = `${command} is not installed`
  if (process.env['STREAMGATE_TEST_SERVICES'] === 'required') throw new Error(`${reason}, and services are required`)
  t.skip(reason)
  return false
}

function isOnPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}
