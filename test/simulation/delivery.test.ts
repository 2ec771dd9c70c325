/**
 * The delivery core under thousands of schedules of faults: vendors that fail in every way, disks that fill, break and lose
 * what was not synced, processes that end, restarts and reloads. A seed that fails is printed; run it alone with
 * `STREAMGATE_SEED=… node --test test/simulation/delivery.test.ts`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeliveryWorld } from '#test/support/delivery-world.ts'

const WORLDS = 2000
const STEPS = 60

const only = process.env['STREAMGATE_SEED']
const seeds = only === undefined ? Array.from({ length: WORLDS }, (_, i) => i + 1) : [Number(only)]

test(`${seeds.length} worlds: nothing that is safe is lost, nothing is invented, the books balance`, async () => {
  for (const seed of seeds) {
    const world = new DeliveryWorld(seed)
    try {
      await world.run(STEPS)
    } catch (error) {
      assert.fail(`seed ${seed}: ${String(error)}\n${world.log.join(', ')}\n${(error as Error).stack}`)
    }
  }
})
