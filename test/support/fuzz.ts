/** What a codec offers to `scripts/fuzz.ts`, in a file `*.fuzz.ts` beside it. */
export interface FuzzTarget {
  name: string
  /** Valid inputs, which are mutated. */
  seeds: readonly Uint8Array[]
  /** Takes any bytes: throws nothing, ends soon, and holds no more memory than a small multiple of them. */
  run(bytes: Uint8Array): void
}
