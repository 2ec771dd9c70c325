/**
 * In a browser there is one engine, so nobody to share with; and pages that are not isolated have no `SharedArrayBuffer`. Atomics
 * work on plain memory as well, but for `wait`, which only several engines come to.
 */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  return new ArrayBuffer(bytes) as unknown as SharedArrayBuffer
}
