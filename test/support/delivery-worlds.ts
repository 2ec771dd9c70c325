/** A thread that runs worlds: without the hooks that the test runner hangs on every promise of its own thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { DeliveryWorld } from './delivery-world.ts'

const { seeds, steps } = workerData as { seeds: number[]; steps: number }

for (const seed of seeds) {
  const world = new DeliveryWorld(seed)
  try {
    await world.run(steps)
  } catch (error) {
    parentPort!.postMessage(`seed ${seed}: ${(error as Error).stack}\n${world.log.join(', ')}`)
    break
  }
}
