/** The entry of replaying threads in tests: the product's registry and the processors that misbehave. */
import { answerReplay } from '#engine/replay-runner.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { faultProcessors } from './fault-processors.ts'

enableLinearRegex()
answerReplay({ ...registry, processors: [...registry.processors, ...faultProcessors] })
