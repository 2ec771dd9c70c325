/** Makes V8 match in linear time. A browser build replaces this file: there the flags cannot be set. */
import { setFlagsFromString } from 'node:v8'

/**
 * V8 keeps its fast compiled matcher and turns to a breadth-first one when a match backtracks too much. Must run before
 * the first pattern is compiled; worker threads inherit the flags.
 */
export function enableLinearRegex(): void {
  setFlagsFromString('--enable-experimental-regexp-engine')
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
}

/** Whether V8's linear matcher takes this source. Flags `i`, `u`, look-around, back-references and large counts it does not. */
export function isLinear(source: string, flags: string): boolean {
  try {
    new RegExp(source, `${flags}l`)
    return true
  } catch {
    return false
  }
}
