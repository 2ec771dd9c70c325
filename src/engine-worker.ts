/** The engine threads' entry: the engine, and the registry that tells it what configurations may name. */
import { workerData } from 'node:worker_threads'
import { runEngine } from '#engine/engine.ts'
import type { EngineData } from '#engine/messages.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { trimMemory } from '#std/trim-memory.ts'
import { engineRegistry } from './engine-registry.ts'

enableLinearRegex()
// One that replaces another is waited for.
if ((workerData as EngineData).incarnation === 0) trimMemory()
runEngine(engineRegistry)
