/** Reads YAML (and so JSON) and remembers where everything stood. */
import { readFileSync } from 'node:fs'
import type { LineCounter } from 'yaml'
import { yaml } from '#std/yaml.ts'
import { ConfigError, type Path, type Place, type Problem } from './problems.ts'

/** A configuration is written by hand; anything near this size is a mistake or an attack. */
export const CONFIG_BYTES_MAX = 4 * 1024 * 1024
const ALIASES_MAX = 100

export interface ReadDocument {
  /** Name of the file, for messages. */
  source: string
  value: unknown
  /** Where a path stands, or the nearest part of it that does. */
  placeOf(path: Path): Place | undefined
}

/** Throws `ConfigError` when the file cannot be read or parsed. */
export function readFile(file: string): ReadDocument {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(
      [{ code: 'SG_CONFIG_READ', path: [], message: `cannot read it: ${reason}` }],
      file,
      () => undefined,
    )
  }
  return parse(text, file)
}

export function parse(text: string, source: string): ReadDocument {
  if (text.length > CONFIG_BYTES_MAX) {
    const message = `is larger than ${CONFIG_BYTES_MAX} bytes`
    throw new ConfigError([{ code: 'SG_CONFIG_READ', path: [], message }], source, () => undefined)
  }
  const { LineCounter, parseDocument } = yaml()
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      (error): Problem => ({ code: 'SG_CONFIG_SYNTAX', path: [], message: error.message }),
    )
    const places = document.errors.map((error) => placeAt(lines, error.pos[0]))
    throw new ConfigError(problems, source, (problem) => places[problems.indexOf(problem)])
  }
  return {
    source,
    value: document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {},
    placeOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const offset = offsetOf(document.contents, path.slice(0, length))
        if (offset !== undefined) return placeAt(lines, offset)
      }
      return undefined
    },
  }
}

/** Offset of the key that a path ends with, or of the item in a list. */
function offsetOf(root: unknown, path: Path): number | undefined {
  const { isMap, isNode, isPair, isScalar } = yaml()
  let node: unknown = root
  let key: unknown
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      )
      if (pair === undefined) return undefined
      key = pair.key
      node = pair.value
    } else {
      if (!isNode(node) || !('items' in node)) return undefined
      node = (node.items as unknown[])[Number(part)]
      key = node
      if (node === undefined) return undefined
    }
  }
  return isNode(key) ? key.range?.[0] : isNode(node) ? node.range?.[0] : undefined
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
