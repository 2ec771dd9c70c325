/** The five states of a gateway, in words. */
import type { GatewaySummary } from '#contract/fleet.ts'
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
