/** The five states of a gateway, and whether they agree, in words that say what to do. */
import type { DriftCause, GatewaySummary } from '#contract/fleet.ts'
import type { Tone } from '#ui/kit/badge.tsx'

/** One of the five: `word` in one or two words, `detail` in a sentence. */
export interface StateView {
  id: 'desired' | 'offered' | 'reported' | 'effective' | 'healthy'
  tone: Tone
  word: string
  detail: string
  at: number | null
  hash: string | null
}

export interface Verdict {
  tone: Tone
  word: string
}

type Shown = Pick<GatewaySummary, 'online' | 'in_sync' | 'drift' | 'states'>

/** Why a gateway does not run what it should, and what helps. */
export const driftWords: Record<DriftCause, { word: string; tone: Tone; why: string; todo: string }> = {
  pending: {
    word: 'Pending',
    tone: 'busy',
    why: 'It was offered the version and has not come to a result yet.',
    todo: 'Wait a moment.',
  },
  failed: {
    word: 'Failed',
    tone: 'bad',
    why: 'It refused the version and goes on with the one before.',
    todo: 'Look at the error, put it right, then retry; or publish another version.',
  },
  rolled_back: {
    word: 'Rolled back',
    tone: 'bad',
    why: 'It tried the version and went back to what it had.',
    todo: 'Look at the error, put it right, then retry; or publish another version.',
  },
  stale: {
    word: 'No result',
    tone: 'warn',
    why: 'It has not come to a result in ten minutes.',
    todo: 'Look at its log. It is offered the version again when it comes back.',
  },
  local_override: {
    word: 'Changed there',
    tone: 'warn',
    why: 'It says that it applied the version, and runs something else.',
    todo: 'Somebody has changed it on the gateway: compare desired and effective on the tab Config.',
  },
  unreachable: {
    word: 'Unreachable',
    tone: 'warn',
    why: 'It is not connected, and runs on with what it has.',
    todo: 'It is given the rest when it is back. Look whether its process runs and reaches the controller.',
  },
  no_capability: {
    word: 'Only watched',
    tone: 'neutral',
    why: 'It takes no configurations.',
    todo: 'Switch on remote configuration there, if it is to take them.',
  },
}

/** In one word: what one needs to know of this gateway first. */
export function verdictOf({ online, in_sync, drift, states }: Shown): Verdict {
  if (drift !== null && (online || drift !== 'pending')) return driftWords[drift]
  if (!online) return { word: 'Offline', tone: 'warn' }
  if (states.health?.healthy === false) return { word: 'Unhealthy', tone: 'bad' }
  if (in_sync) return { word: 'In sync', tone: 'ok' }
  if (states.desired === null) return { word: 'Nothing published', tone: 'neutral' }
  return { word: 'Settling', tone: 'busy' }
}

/** What it says itself of why it is not as it should be. */
export function whyOf({ online, drift, states: { health, reported } }: Shown): string | undefined {
  if ((drift === 'failed' || drift === 'rolled_back') && reported?.error) return reported.error
  return online && health?.healthy === false && health.last_error !== '' ? health.last_error : undefined
}

export function fiveOf({ online, states }: Pick<GatewaySummary, 'online' | 'states'>): StateView[] {
  const { desired, offered, reported, effective, health } = states
  const none = (id: StateView['id'], word: string, detail: string): StateView => ({
    id,
    tone: 'neutral',
    word,
    detail,
    at: null,
    hash: null,
  })
  return [
    desired === null
      ? none('desired', 'Nothing', 'No version of its configuration has been published.')
      : {
          id: 'desired',
          tone: 'ok',
          word: `Version ${desired.version}`,
          detail: `The live version of “${desired.configuration}”.`,
          at: null,
          hash: desired.hash,
        },
    offered === null
      ? none('offered', 'Nothing', 'It was sent nothing yet.')
      : {
          id: 'offered',
          tone: offered.hash === desired?.hash ? 'ok' : 'warn',
          word: `Version ${offered.version}`,
          detail:
            offered.hash === desired?.hash ? 'It was sent what it should run.' : 'It was sent another version last.',
          at: offered.at,
          hash: offered.hash,
        },
    reported === null ? none('reported', 'Nothing', 'It has not said what became of an offer.') : reportedOf(states),
    effective === null
      ? none('effective', 'Not told', 'It does not tell what it runs.')
      : {
          id: 'effective',
          tone: effective.matches === null ? 'neutral' : effective.matches ? 'ok' : 'warn',
          word: effective.matches === null ? 'Not compared' : effective.matches ? 'Matches' : 'Differs',
          detail:
            effective.matches === null
              ? 'There is nothing desired to compare it with, or it was not compared yet.'
              : effective.matches
                ? 'All that is desired stands in what it runs.'
                : 'Not all that is desired stands in what it runs.',
          at: effective.at,
          hash: effective.hash,
        },
    health === null
      ? none('healthy', 'Not told', 'It does not tell how it is.')
      : {
          id: 'healthy',
          tone: health.healthy ? (online ? 'ok' : 'neutral') : 'bad',
          word: health.healthy ? (online ? 'Healthy' : 'Was healthy') : 'Unhealthy',
          detail: health.healthy ? `It says “${health.status}”.` : health.last_error || `It says “${health.status}”.`,
          at: health.since,
          hash: null,
        },
  ]
}

export const stateNames: Record<StateView['id'], string> = {
  desired: 'Desired',
  offered: 'Offered',
  reported: 'Reported',
  effective: 'Effective',
  healthy: 'Health',
}

const reportedWords = {
  applied: { word: 'Applied', tone: 'ok', detail: 'It has applied the offer.' },
  applying: { word: 'Applying', tone: 'busy', detail: 'It is applying the offer.' },
  failed: { word: 'Failed', tone: 'bad', detail: 'It could not apply the offer.' },
  unset: { word: 'Nothing', tone: 'neutral', detail: 'It has not said what became of the offer.' },
} as const

function reportedOf({ desired, reported }: GatewaySummary['states']): StateView {
  const { status, error, at, hash, version } = reported!
  const { word, tone, detail } = reportedWords[status]
  const isOther = desired !== null && hash !== desired.hash
  return {
    id: 'reported',
    tone: isOther && tone === 'ok' ? 'warn' : tone,
    word: version === null || status === 'unset' ? word : `${word} ${version}`,
    detail: error || (isOther ? `${detail} That is not the desired version.` : detail),
    at,
    hash,
  }
}
