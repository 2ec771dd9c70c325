import type { FuzzTarget } from '#test/support/fuzz.ts'
import { readSketch, sketchBytes } from './bytes.ts'
import { Sketch } from './sketch.ts'

export const ddsketchFuzz: FuzzTarget = {
  name: 'ddsketch',
  seeds: [seed([1, 2, 3, 1000, -5, 0]), seed(Array.from({ length: 300 }, (_, i) => 1.1 ** i))],
  run(input) {
    const bytes = Buffer.from(input)
    const sketch = readSketch(bytes, 0, bytes.length)
    for (const q of [0, 0.5, 0.99, 1]) sketch.quantile(q)
    const other = new Sketch()
    other.merge(sketch)
    sketchBytes(other)
  },
}

function seed(values: readonly number[]): Uint8Array {
  const sketch = new Sketch()
  for (const value of values) sketch.add(value)
  return sketchBytes(sketch)
}
