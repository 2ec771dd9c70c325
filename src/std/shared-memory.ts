/** Zeroed memory that several engine threads may work on at once. A browser build replaces this file. */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes)
}
