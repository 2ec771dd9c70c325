/**
 * What a durable source has answered with 202 reaches every output, whatever happens to the program, its disk and its vendors:
 * a few short rounds of the oracle, with schedules that are the same each time. `npm run chaos` runs as many as one likes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runRound } from '#test/chaos/round.ts'
import { describeSchedule, scheduleFor, vendorModes } from '#test/chaos/schedule.ts'

const SEEDS = [1, 4, 6, 77, 353]
const STEPS = 6
const schedules = SEEDS.map((seed) => scheduleFor(seed, STEPS))

test('together the rounds have every kind of fault', () => {
  const actions = schedules.flatMap(({ steps }) => steps.map(({ action }) => action))
  const kinds = new Set(actions.map(({ kind }) => kind))
  assert.deepEqual([...kinds].sort(), ['disk_full', 'kill', 'pause', 'reload', 'restart', 'vendor'])
  const modes = new Set(actions.map((action) => (action.kind === 'vendor' ? action.mode : undefined)))
  const missing = vendorModes.filter((mode) => mode !== 'healthy' && !modes.has(mode))
  assert.deepEqual(missing, [])
  assert.ok(schedules.some(({ dead }) => dead !== null) && schedules.some(({ dead }) => dead === null))
  assert.deepEqual([...new Set(schedules.map(({ engines }) => engines))].sort(), [1, 2])
})

/** They mostly wait, so several at once are faster. */
test('what was acknowledged is stored by both vendors, as it was sent', { concurrency: 3 }, async (suite) => {
  const rounds = schedules.map((schedule) =>
    suite.test(`seed ${schedule.seed}`, async (t) => {
      const result = await runRound(schedule)
      const { sent, sentAgain, lives, duplicates, leftOut } = result
      t.diagnostic(`${sent} sent, ${sentAgain} again, ${lives} lives, duplicates ${duplicates.a} and ${duplicates.b}`)
      if (leftOut.length > 0) t.diagnostic(`this system has no means for: ${leftOut.join(', ')}`)
      const logs = result.logs.map((log) => log.slice(-3000)).join('\n')
      assert.deepEqual(result.problems, [], `${describeSchedule(schedule)}\n${logs}`)
      assert.ok(sent > 0)
    }),
  )
  await Promise.all(rounds)
})
