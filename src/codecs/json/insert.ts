/** Adds a member to a JSON object without touching the rest. */
import { type Bytes, concat, fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { findValue } from './field.ts'

const COMMA = fromText(',')

/**
 * Notes the edit that puts `member`, such as `"sample_rate":10`, first into the object that record `i` is. A member with
 * the same name is left alone: then nothing is noted. `name` has one character per byte.
 */
export function insertMember(block: Block, i: number, name: string, member: Bytes): void {
  insertMemberIn(block, block.starts[i]! - block.from, block.ends[i]! - block.from, name, member)
}

/** The same for the object in [start, end) of the block's text. */
export function insertMemberIn(block: Block, start: number, end: number, name: string, member: Bytes): void {
  const text = block.text()
  if (findValue(text, start, end, [name]) !== undefined) return
  const brace = text.indexOf('{', start)
  const isEmpty = /^\s*\}/.test(text.slice(brace + 1, Math.min(end, brace + 64)))
  const at = block.from + brace + 1
  block.edit(at, at, isEmpty ? member : concat([member, COMMA]))
}
