/** What became of a record. Of those that go on, what rules have edited is told apart; `kept`: nothing is sent anywhere. */
import type { Fate } from '#contract/observation.ts'

export type Outcome = Fate | 'edited' | 'kept'

export function outcomeOf({ fate, edited_by: editedBy }: { fate: Fate; edited_by: readonly string[] }): Outcome {
  return fate === 'forwarded' && editedBy.length > 0 ? 'edited' : fate
}
