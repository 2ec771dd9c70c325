/** The engine threads' entry: the engine, and the registry that tells it what configurations may name. */
import { runEngine } from '#engine/engine.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { engineRegistry } from './engine-registry.ts'

enableLinearRegex()
runEngine(engineRegistry)
