/** Durations and amounts of bytes as people type them, and what a plain number of them means. Pure. */
import type { Unit } from '#ui/forms/schema.ts'
import { bytes, duration } from '#ui/kit/format.ts'

const TIMES: Record<string, number> = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZES: Record<string, number> = {
  b: 1,
  kb: 1000,
  mb: 1e6,
  gb: 1e9,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}

/** `10 s` → 10000 with `ms`, `16 MiB` → 16777216 with `bytes`. Undefined: no such quantity. */
export function quantityOf(text: string, unit: Unit): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text)
  if (match === null) return undefined
  const name = match[2]!.toLowerCase()
  const factor = unit === 'bytes' ? SIZES[name] : TIMES[name]
  if (factor === undefined) return undefined
  const value = Number(match[1]) * factor
  return Math.round(unit === 'seconds' ? value / 1000 : value)
}

/** `10 s`, `16 MiB`; empty where it says no more than the number. */
export function quantityWords(value: number, unit: Unit): string {
  if (!Number.isFinite(value) || value < 0) return ''
  if (unit === 'bytes') return value < 1024 ? '' : bytes(value)
  const ms = unit === 'seconds' ? value * 1000 : value
  return ms < 1000 ? '' : duration(ms)
}
