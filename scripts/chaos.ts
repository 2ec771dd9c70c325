/**
 * `npm run chaos -- --minutes N --seed S`: rounds of the oracle (test/chaos) with one seed after the other until the time is over.
 * `--rounds N` bounds their number, `--steps N` makes them longer, `--small-disk` (Linux, as root) has them on a disk that is
 * soon full. Ends with 1 when a round failed; its seed and schedule are printed.
 */
import { parseArgs } from 'node:util'
import { type Result, runRound } from '../test/chaos/round.ts'
import { describeSchedule, scheduleFor } from '../test/chaos/schedule.ts'

const LOG_CHARACTERS_MAX = 6_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '12' },
    rounds: { type: 'string', default: 'Infinity' },
    'small-disk': { type: 'boolean', default: false },
  },
})
const [minutes, first, steps, rounds] = [values.minutes, values.seed, values.steps, values.rounds].map(Number)
if ([minutes, first, steps, rounds].some((value) => value === undefined || Number.isNaN(value))) {
  console.error('--minutes, --seed, --steps and --rounds must be numbers')
  process.exit(2)
}
const deadline = Date.now() + minutes! * 60_000
const failed: number[] = []
let count = 0
for (let seed = first!; Date.now() < deadline && count < rounds!; seed++) {
  const schedule = scheduleFor(seed, steps!, values['small-disk'])
  const result = await runRound(schedule)
  count++
  console.log(summaryOf(seed, result))
  if (result.problems.length === 0) continue
  failed.push(seed)
  console.log(describeSchedule(schedule))
  for (const log of result.logs) console.log(log.slice(-LOG_CHARACTERS_MAX))
}
const verdict = failed.length === 0 ? 'all kept their promises' : `failed: ${failed.join(', ')}`
console.log(`${count} rounds; ${verdict}`)
process.exitCode = failed.length === 0 ? 0 : 1

function summaryOf(seed: number, result: Result): string {
  const { sent, acknowledged, sentAgain, lives, duplicates, seconds, problems, leftOut } = result
  const numbers = `${sent} sent, ${sentAgain} again, ${acknowledged} acknowledged, ${lives} lives`
  const doubles = `duplicates a ${duplicates.a} b ${duplicates.b}`
  const without = leftOut.length === 0 ? '' : `, without ${leftOut.join(', ')}`
  const head = `seed ${seed}: ${problems.length === 0 ? 'ok' : 'FAILED'}, ${seconds.toFixed(1)} s, ${numbers}, ${doubles}`
  return [head + without, ...problems.map((problem) => `  ${problem}`)].join('\n')
}
