/** Processors that misbehave on purpose, for tests of what the node does about it. They exist only in tests. */
import { z } from 'zod'
import { defineProcessor } from '#component/processor.ts'
import type { Block } from '#telemetry/block.ts'

/** A fault strikes on a record that contains `on`; with `times`, only so often in the life of the node. */
const config = z.strictObject({
  on: z.string().default('FAULT'),
  times: z.number().int().min(1).default(1_000_000_000),
})

/** One word of shared memory counts how often the fault has struck, over all engines and their successors. */
function mayStrike(state: SharedArrayBuffer, times: number): boolean {
  return Atomics.add(new Int32Array(state), 0, 1) < times
}

function eachStrike(block: Block, on: string, strike: (i: number) => void): void {
  for (let i = 0; i < block.count; i++) {
    if (block.selection[i] === 1 && block.recordText(i).includes(on)) strike(i)
  }
}

const stateBytes = () => 4

export const faultSpin = defineProcessor({
  name: 'fault_spin',
  summary: 'Never comes back from a record.',
  config,
  mutates: false,
  stateBytes,
  create: ({ on, times }, { state }) => ({
    process(block) {
      eachStrike(block, on, () => {
        if (mayStrike(state, times)) for (;;);
      })
    },
  }),
})

export const faultExit = defineProcessor({
  name: 'fault_exit',
  summary: 'Ends its engine thread.',
  config,
  mutates: false,
  stateBytes,
  create: ({ on, times }, { state }) => ({
    process(block) {
      eachStrike(block, on, () => {
        if (mayStrike(state, times)) process.exit(3)
      })
    },
  }),
})

export const faultMemory = defineProcessor({
  name: 'fault_memory',
  summary: 'Takes memory until there is none.',
  config,
  mutates: false,
  stateBytes,
  create: ({ on, times }, { state }) => ({
    process(block) {
      eachStrike(block, on, () => {
        if (!mayStrike(state, times)) return
        const hoard: number[][] = []
        for (;;) hoard.push(new Array(1_000_000).fill(hoard.length))
      })
    },
  }),
})

export const faultThrow = defineProcessor({
  name: 'fault_throw',
  summary: 'Throws on a record.',
  config,
  mutates: false,
  stateBytes,
  create: ({ on, times }, { state }) => ({
    process(block) {
      eachStrike(block, on, () => {
        if (mayStrike(state, times)) throw new Error('struck')
      })
    },
  }),
})

/** Marks what it has seen, so that a test can tell which rules a record went through. */
export const mark = defineProcessor({
  name: 'mark',
  summary: 'Appends a mark to each record.',
  config: z.strictObject({ with: z.string(), busy_ms: z.number().min(0).default(0) }),
  mutates: true,
  create: ({ with: text, busy_ms: busyMs }) => {
    const bytes = Buffer.from(text)
    return {
      process(block) {
        const until = performance.now() + busyMs
        while (performance.now() < until);
        for (let i = 0; i < block.count; i++) {
          if (block.selection[i] === 1) block.edit(block.ends[i]!, block.ends[i]!, bytes)
        }
        block.commitEdits()
      },
    }
  },
})

export const faultRedact = defineProcessor({
  name: 'fault_redact',
  summary: 'Should take something out of a record, and fails or ends its engine.',
  config: z.strictObject({ on: z.string(), how: z.enum(['throw', 'exit']).default('throw') }),
  mutates: true,
  create: ({ on, how }) => ({
    process(block) {
      eachStrike(block, on, () => {
        if (how === 'throw') throw new Error('struck')
        process.exit(3)
      })
    },
  }),
})

export const faultProcessors = [faultSpin, faultExit, faultMemory, faultThrow, faultRedact, mark] as const
