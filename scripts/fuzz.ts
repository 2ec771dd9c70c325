/**
 * Gives every codec bytes that nobody meant to send: its own valid inputs, mutated, and noise. `npm run fuzz -- --inputs N`
 * (per codec), `--seed S`, `--only NAME`. A failure prints the seed and writes the input in hex; nothing is written to disk.
 */
import { globSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'

/** An input that takes longer hangs, as far as anyone who waits is concerned. */
const INPUT_MS_MAX = 2000
/** What may stay in memory after a collection, beyond what was there before. */
const HELD_BYTES_MAX = 256 * 1024 * 1024
const INPUT_BYTES_MAX = 64 * 1024
const LOOK_EVERY = 4096

export async function fuzzTargets(only?: string): Promise<FuzzTarget[]> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = globSync('src/**/*.fuzz.ts', { cwd: root }).sort()
  const targets: FuzzTarget[] = []
  for (const file of files) {
    const module = (await import(pathToFileURL(`${root}${file}`).href)) as Record<string, unknown>
    for (const value of Object.values(module)) if (isTarget(value)) targets.push(value)
  }
  return targets.filter(({ name }) => only === undefined || name.includes(only))
}

function isTarget(value: unknown): value is FuzzTarget {
  return typeof value === 'object' && value !== null && 'run' in value && 'seeds' in value && 'name' in value
}

/** Throws an error that names the seed and holds the input when the target does what it must not. */
export function fuzz(target: FuzzTarget, inputs: number, seed: number): void {
  const random = randomFrom(seed)
  const before = process.memoryUsage().external + process.memoryUsage().heapUsed
  let slowest = 0
  for (let i = 0; i < inputs; i++) {
    const input = i < target.seeds.length ? target.seeds[i]! : mutated(target.seeds, random)
    const started = performance.now()
    try {
      target.run(input)
    } catch (cause) {
      throw failure(target, seed, i, input, `threw: ${String(cause)}`, cause)
    }
    const took = performance.now() - started
    slowest = Math.max(slowest, took)
    if (took > INPUT_MS_MAX) throw failure(target, seed, i, input, `took ${Math.round(took)} ms`)
    if (i % LOOK_EVERY === 0 && heldSince(before) > HELD_BYTES_MAX) {
      globalThis.gc?.()
      const held = heldSince(before)
      if (globalThis.gc !== undefined && held > HELD_BYTES_MAX) {
        throw failure(target, seed, i, input, `holds ${Math.round(held / 1e6)} MB`)
      }
    }
  }
}

function heldSince(before: number): number {
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed - before
}

function failure(target: FuzzTarget, seed: number, i: number, input: Uint8Array, what: string, cause?: unknown): Error {
  const hex = Buffer.from(input).toString('hex')
  const shown = hex.length > 4000 ? `${hex.slice(0, 4000)}… (${input.length} bytes)` : hex
  return new Error(`${target.name} ${what}; seed ${seed}, input ${i}: ${shown}`, { cause })
}

/** One of the seeds with a few bytes changed, cut, doubled or exchanged with another seed's; sometimes only noise. */
function mutated(seeds: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (n: number) => Math.floor(random() * n)
  if (seeds.length === 0 || random() < 0.05) {
    return Uint8Array.from({ length: below(300) }, () => below(256))
  }
  let bytes = Uint8Array.from(seeds[below(seeds.length)]!)
  const changes = 1 + below(4)
  for (let c = 0; c < changes; c++) {
    const at = below(bytes.length + 1)
    switch (below(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = below(256)
        break
      case 1:
        if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << below(8))
        break
      case 2:
        bytes = bytes.slice(0, at)
        break
      case 3:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + below(16))))
        break
      case 4:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - below(64))))
        break
      case 5: {
        const other = seeds[below(seeds.length)]!
        bytes = joined(bytes.subarray(0, at), other.subarray(below(other.length + 1)))
        break
      }
      default:
        // Lengths that are much too large are where decoders fail.
        bytes = joined(bytes.subarray(0, at), NASTY[below(NASTY.length)]!, bytes.subarray(at))
    }
  }
  return bytes.length > INPUT_BYTES_MAX ? bytes.slice(0, INPUT_BYTES_MAX) : bytes
}

const NASTY = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0x7f, 0xff, 0xff, 0xff],
  [0x7b, 0x5b, 0x7b, 0x5b],
  [0x22, 0x5c],
  [0x0a],
  [0x00],
].map((bytes) => Uint8Array.from(bytes))

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts))
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  })
  enableLinearRegex()
  const targets = await fuzzTargets(values.only)
  let failed = false
  for (const target of targets) {
    const started = performance.now()
    try {
      fuzz(target, Number(values.inputs), Number(values.seed))
      console.log(`${target.name}: ${values.inputs} inputs in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    } catch (error) {
      failed = true
      console.error(String(error))
    }
  }
  process.exitCode = failed ? 1 : 0
}
