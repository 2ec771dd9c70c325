/** The entry of threads that try rules on records: the replay, and the registry that tells what rules may name. */
import { answerReplay } from '#engine/replay-runner.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { engineRegistry } from './engine-registry.ts'

enableLinearRegex()
answerReplay(engineRegistry)
