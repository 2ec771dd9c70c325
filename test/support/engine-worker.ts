/** The engine threads' entry in tests: the product's registry and the processors that misbehave. */
import { runEngine } from '#engine/engine.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { faultProcessors } from './fault-processors.ts'

enableLinearRegex()
runEngine({ ...registry, processors: [...registry.processors, ...faultProcessors] })
