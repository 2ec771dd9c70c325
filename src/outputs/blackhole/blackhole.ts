/** `blackhole` takes everything and keeps nothing: for measuring, and for trying rules out. */
import { z } from 'zod'
import { defineOutput } from '#component/output.ts'

export const blackhole = defineOutput({
  name: 'blackhole',
  summary: 'Takes everything and keeps nothing.',
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
