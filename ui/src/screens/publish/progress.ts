/** What became of a publication on one gateway, from the states that the fleet reports. */
import type { GatewaySummary } from '#contract/fleet.ts'
import type { Tone } from '#ui/kit/badge.tsx'

export const stepNames = [
  'pending',
  'offered',
  'applying',
  'applied',
  'changed_there',
  'failed',
  'offline',
  'cannot',
  'replaced',
] as const
export type StepName = (typeof stepNames)[number]

export interface Step {
  name: StepName
  /** Since when; Unix milliseconds. */
  at: number | undefined
  /** As the gateway said it. */
  reason: string
}

export const stepWords: Record<StepName, { label: string; tone: Tone }> = {
  pending: { label: 'Pending', tone: 'neutral' },
  offered: { label: 'Offered', tone: 'busy' },
  applying: { label: 'Applying', tone: 'busy' },
  applied: { label: 'Applied', tone: 'ok' },
  changed_there: { label: 'Applied, changed there', tone: 'warn' },
  failed: { label: 'Failed', tone: 'bad' },
  offline: { label: 'Offline', tone: 'warn' },
  cannot: { label: 'Takes no configurations', tone: 'neutral' },
  replaced: { label: 'Follows another version', tone: 'neutral' },
}

/** `version`: the number that was published. */
export function stepOf({ online, drift, states }: GatewaySummary, version: number): Step {
  const { desired, offered, reported } = states
  if (drift === 'no_capability') return { name: 'cannot', at: undefined, reason: 'It does not accept configurations.' }
  // The fleet has not heard of it yet, or something newer was published.
  if (desired === null || desired.version < version) return { name: 'pending', at: undefined, reason: '' }
  if (desired.version > version)
    return { name: 'replaced', at: undefined, reason: `Version ${desired.version} was published since.` }
  const own = reported?.hash === desired.hash ? reported : null
  if (drift === 'failed' || drift === 'rolled_back') {
    const back = drift === 'rolled_back' ? 'It went back to what it had.' : ''
    return { name: 'failed', at: own?.at, reason: [own?.error ?? '', back].filter((part) => part !== '').join(' ') }
  }
  if (own?.status === 'applied') {
    return drift === 'local_override'
      ? { name: 'changed_there', at: own.at, reason: 'Somebody has changed its configuration at the gateway.' }
      : { name: 'applied', at: own.at, reason: '' }
  }
  if (!online) return { name: 'offline', at: undefined, reason: 'It gets the version when it is back.' }
  if (drift === 'stale') return { name: 'failed', at: offered?.at, reason: 'It has not come to a result in time.' }
  if (own?.status === 'failed') return { name: 'failed', at: own.at, reason: own.error }
  if (own?.status === 'applying') return { name: 'applying', at: own.at, reason: '' }
  if (offered?.hash !== desired.hash) return { name: 'pending', at: undefined, reason: '' }
  // One that reports nothing has it as far as anybody can know.
  return drift === null
    ? { name: 'applied', at: offered.at, reason: 'It does not report what became of it.' }
    : { name: 'offered', at: offered.at, reason: '' }
}

/** Offline gateways get it when they are back; nobody waits for them. */
export function isSettled(steps: readonly Step[]): boolean {
  return steps.every(({ name }) => !['pending', 'offered', 'applying'].includes(name))
}

/** `2 of 3 gateways have applied it, 1 failed.` */
export function progressSentence(steps: readonly Step[]): string {
  if (steps.length === 0) return 'No gateway follows this configuration yet; those that come get it.'
  const count = (...names: StepName[]) => steps.filter(({ name }) => names.includes(name)).length
  const applied = count('applied', 'changed_there')
  const whole = steps.length === 1 ? 'gateway' : 'gateways'
  const parts = [
    `${applied} of ${steps.length} ${whole} ${applied === 1 || steps.length === 1 ? 'has' : 'have'} applied it`,
  ]
  const add = (number: number, words: string) => number > 0 && parts.push(`${number} ${words}`)
  add(count('pending', 'offered', 'applying'), 'under way')
  add(count('failed'), 'failed')
  add(count('offline'), 'offline')
  add(count('cannot'), 'cannot take it')
  add(count('replaced'), 'on another version')
  return `${parts.join(', ')}.`
}
