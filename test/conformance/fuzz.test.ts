/** A short run of what `npm run fuzz` does: every codec ends, throws nothing and keeps little, whatever it is given. */
import { test } from 'node:test'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { fuzz, fuzzTargets } from '../../scripts/fuzz.ts'

const INPUTS = 1500
const SEED = 20_265

enableLinearRegex()

for (const target of await fuzzTargets()) {
  test(`${target.name} takes any bytes`, () => fuzz(target, INPUTS, SEED))
}
