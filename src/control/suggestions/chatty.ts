/** Services that make up much of the traffic, and a rule that thins out what they say in good times. */
import type { Suggestion } from '#contract/suggestion.ts'
import type { Outgoing } from './outgoing.ts'
import { allOf, fieldConditions, hashed, KEEP_RATIO, LEVELS_MAX, slug, WARN_FROM } from './patterns.ts'
import { severitiesOf } from './severities.ts'

/** From this share of the bytes on a service is chatty, where there are others. */
const BYTES_SHARE_MIN = 0.25
/** A rule for less is not worth its place. */
const SAVINGS_MIN = 0.02

export function chattyServices(outgoing: Outgoing): Suggestion[] {
  const services = new Map<string, { bytes: number; levels: Map<string, number[]> }>()
  let total = 0
  for (const [number, { bytes, facts }] of outgoing.records.entries()) {
    total += bytes
    const { form, service, level, severity } = facts
    // Conditions on fields are sure for JSON records only.
    if (form !== 'json' || service === undefined || service === '') continue
    const known = services.get(service) ?? { bytes: 0, levels: new Map<string, number[]>() }
    services.set(service, known)
    known.bytes += bytes
    if (level === undefined || severity === 0 || severity >= WARN_FROM) continue
    const numbers = known.levels.get(level) ?? []
    if (numbers.length === 0) known.levels.set(level, numbers)
    numbers.push(number)
  }
  if (services.size < 2) return []
  return [...services].flatMap(([service, { bytes, levels }]) => {
    if (bytes < BYTES_SHARE_MIN * total || levels.size === 0 || levels.size > LEVELS_MAX) return []
    const members = [...levels.values()].flat()
    const savings = outgoing.savings(members, KEEP_RATIO)
    if (savings.share < SAVINGS_MIN) return []
    const names = [...levels.keys()].sort()
    return [
      {
        kind: 'chatty_service',
        pipeline: outgoing.pipeline,
        title: `Keep ${KEEP_RATIO * 100} % of what ${service} says at ${names.join(', ')}`,
        why: `${service} makes up ${Math.round((100 * bytes) / total)} % of the bytes. Warnings and errors stay.`,
        rule: {
          id: `sample_${slug(service)}_${hashed(service)}`,
          type: 'sample',
          params: { keep_ratio: KEEP_RATIO },
          when: allOf(fieldConditions({ service, levels: names })),
        },
        place: 'last',
        affects: outgoing.share(members),
        savings,
        services: [service],
        severities: severitiesOf(outgoing, members),
        sensitive: null,
      },
    ]
  })
}
