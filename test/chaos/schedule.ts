/**
 * What happens in a round, and when: the same for the same seed. What the round makes of it depends on the machine as
 * well, so a failure that a seed shows may need several runs.
 */
import { randomFrom } from '#std/random.ts'

/**
 * How a vendor answers. `reset`: the connection breaks before anything is stored; `reset_after`: behind that. `hang`: stored
 * or not, and never answered. `refuse`: nobody listens. `small`: 413 to all but small batches.
 */
export const vendorModes = [
  'healthy',
  'reset',
  'reset_after',
  'slow',
  'hang',
  'refuse',
  'too_many',
  'unavailable',
  'broken',
  'small',
] as const
export type VendorMode = (typeof vendorModes)[number]

export const vendorNames = ['a', 'b'] as const
export type VendorName = (typeof vendorNames)[number]

/** Which records the rules drop: ids that end in 7; or in 7 or 3. */
export const ruleSets = ['sevens', 'sevens_and_threes'] as const
export type RuleSet = (typeof ruleSets)[number]

export type Action =
  | { kind: 'kill' }
  | { kind: 'restart' }
  /** Stands still for a while. */
  | { kind: 'pause'; ms: number }
  /** The configuration is read again. `outputs`: with a change that has both outputs replaced. */
  | { kind: 'reload'; rules: RuleSet; outputs: boolean }
  /** No file of the process may grow beyond `fileBytes`: a write stops in the middle, and later ones fail. */
  | { kind: 'disk_full'; fileBytes: number; ms: number }
  /** `share`: of the requests; the others are answered as by a healthy one. */
  | { kind: 'vendor'; vendor: VendorName; mode: VendorMode; share: number }

export interface Step {
  /** After the step before. */
  afterMs: number
  action: Action
}

export interface Schedule {
  seed: number
  engines: 1 | 2
  producers: number
  /** Longest text of a record. */
  textCharactersMax: number
  /** The smallest there is, or more than a round fills. */
  spoolBytesMax: number
  queueBytesMax: number
  /** Nobody listens there for as long as the round lasts. */
  dead: VendorName | null
  /** The data directory is a file system of its own of that size; undefined: a folder like any other. */
  diskBytes: number | undefined
  steps: Step[]
}

const MIB = 1024 * 1024

/** `steps`: how many there are; more make a longer round. `smallDisk`: on a disk that is soon full; for that one must be root. */
export function scheduleFor(seed: number, steps: number, smallDisk = false): Schedule {
  // Neighbouring seeds begin alike; the first numbers are thrown away.
  const random = randomFrom(Math.imul(seed, 0x9e37_79b1))
  const upTo = (most: number) => Math.floor(random() * (most + 1))
  const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!
  upTo(1)
  const isLarge = random() < 0.4
  const dead = random() < 0.4 ? oneOf(vendorNames) : null
  const schedule: Schedule = {
    seed,
    engines: oneOf([1, 2]),
    producers: 2 + upTo(2),
    textCharactersMax: isLarge ? 20_000 : 400,
    spoolBytesMax: isLarge && random() < 0.7 ? MIB : 64 * MIB,
    queueBytesMax: oneOf([16 * 1024, 256 * 1024, 16 * MIB]),
    dead,
    diskBytes: smallDisk ? 3 * MIB : undefined,
    steps: [],
  }
  const alive = vendorNames.filter((name) => name !== dead)
  let rules: RuleSet = 'sevens'
  for (let i = 0; i < steps; i++) {
    let action: Action
    if (random() < 0.55) {
      action = { kind: 'vendor', vendor: oneOf(alive), mode: oneOf(vendorModes), share: oneOf([0.3, 1]) }
    } else {
      const kind = oneOf(['kill', 'kill', 'restart', 'pause', 'reload', 'reload', 'disk_full'] as const)
      if (kind === 'reload') {
        rules = oneOf(ruleSets)
        action = { kind, rules, outputs: random() < 0.4 }
      } else if (kind === 'pause') action = { kind, ms: 50 + upTo(500) }
      else if (kind === 'disk_full') action = { kind, fileBytes: oneOf([0, 24, 1 + upTo(100_000)]), ms: 50 + upTo(300) }
      else action = { kind }
    }
    schedule.steps.push({ afterMs: 20 + upTo(180), action })
  }
  return schedule
}

/** Faults after which something may rightly be stored twice. Bodies that were sent again are another reason. */
export function mayDuplicate({ dead, steps }: Schedule): boolean {
  return (
    dead !== null ||
    steps.some(({ action }) =>
      action.kind === 'vendor' ? DUPLICATING.has(action.mode) : action.kind !== 'reload' && action.kind !== 'disk_full',
    )
  )
}

const DUPLICATING: ReadonlySet<VendorMode> = new Set(['reset_after', 'hang', 'refuse'])

/** One line for each fault. */
export function describeSchedule({ steps, ...rest }: Schedule): string {
  const known = Object.entries(rest).filter(([, value]) => value !== undefined)
  const head = known.map(([name, value]) => `${name} ${value}`)
  const lines = steps.map(({ afterMs, action }) => `  +${afterMs} ms ${JSON.stringify(action)}`)
  return [head.join(', '), ...lines].join('\n')
}
