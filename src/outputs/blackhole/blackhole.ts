/** `blackhole` takes everything and keeps nothing: for measuring, and for trying rules out. */

import { z } from 'zod'
import { defineOutput } from '#component/output.ts'
import { signals } from '#telemetry/signal.ts'

export const blackhole = defineOutput({
  name: 'blackhole',
  summary: 'Takes everything and keeps nothing.',
  // What is no text comes as JSON.
  signals,
  whenFull: 'drop_oldest',
  shape: 'stream',
  config: z.strictObject({}),
  encoder: () => ({ name: 'text' }),
  create: () => ({
    start: async () => {},
    send: async () => ({ ok: true }),
    stop: async () => {},
  }),
})
