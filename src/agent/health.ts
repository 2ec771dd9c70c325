/** Health of a node as OpAMP has it. */
import type { ComponentHealth } from '#codecs/opamp/messages.ts'

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
