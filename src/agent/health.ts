/** Health of a node as OpAMP has it. */
import type { ComponentHealth } from '#codecs/opamp/messages.ts'
import type { NodeStats } from '#contract/stats.ts'

/** Of a node by its books: `pipeline/ID`, `output/ID` and `engine/N`; it is well when they are. */
export function nodeHealth(stats: NodeStats, wallMs: number): ComponentHealth {
  const startedAt = stats.started_at
  const one = (healthy: boolean, status: string, lastError: string, at: number): ComponentHealth => ({
    healthy,
    startTimeUnixNano: nanoseconds(startedAt),
    lastError,
    status,
    statusTimeUnixNano: nanoseconds(at),
    componentHealthMap: new Map(),
    attributes: [],
  })
  const parts = new Map<string, ComponentHealth>()
  for (const { id, state, since } of stats.pipelines) {
    const isWell = state !== 'bypass' && state !== 'hold'
    parts.set(`pipeline/${id}`, one(isWell, state, isWell ? '' : `the pipeline is in ${state}`, since))
  }
  for (const { id, last_error: error } of stats.outputs) {
    const text = error === null ? '' : `${error.code}: ${error.message}`
    parts.set(`output/${id}`, one(error === null, error === null ? 'ok' : 'failing', text, error?.at ?? startedAt))
  }
  for (const [i, { state }] of stats.engines.entries()) {
    parts.set(`engine/${i}`, one(state !== 'stalled', state, '', wallMs))
  }
  const sick = [...parts].filter(([, { healthy }]) => !healthy).map(([name]) => name)
  const error = stats.config.last_error ?? (sick.length === 0 ? '' : `not well: ${sick.join(', ')}`)
  return { ...one(sick.length === 0, sick.length === 0 ? 'ok' : 'degraded', error, wallMs), componentHealthMap: parts }
}

/** Whether nobody needs to be told; the time of the look is not what counts. */
export function isSameHealth(a: ComponentHealth, b: ComponentHealth): boolean {
  if (a.healthy !== b.healthy || a.status !== b.status || a.lastError !== b.lastError) return false
  if (a.startTimeUnixNano !== b.startTimeUnixNano) return false
  if (a.componentHealthMap.size !== b.componentHealthMap.size) return false
  for (const [name, health] of a.componentHealthMap) {
    const other = b.componentHealthMap.get(name)
    if (other === undefined || !isSameHealth(health, other)) return false
  }
  return true
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * 1_000_000n
}
