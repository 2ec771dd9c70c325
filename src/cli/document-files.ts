/**
 * A configuration as YAML files that people keep in Git: one file, or one with a file beside it for each pipeline, which
 * it names in `pipelines`. What is written reads back as the same document.
 */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { stringify } from 'yaml'
import { type Path, pathText } from '#config/problems.ts'
import { CONFIG_BYTES_MAX, parse, type ReadDocument, readFile } from '#config/read.ts'
import { type ErrorCode, StreamgateError } from '#contract/error.ts'

/** In a folder this one is read first. */
export const MAIN_FILE = 'streamgate.yaml'
const PIPELINES_FOLDER = 'pipelines'
const STANDARD_INPUT = '-'

export type Tree = Record<string, unknown>

export interface GivenDocument {
  value: unknown
  /** `file:line:column` of what a path leads to, or of the nearest part of it that is there. */
  placeOf(path: Path): string
  /** Files of pipelines that lie there and that the document does not name. */
  unused: string[]
}

/** Reads a file, a folder's main file, or standard input for `-`. Throws `ConfigError` and `StreamgateError`. */
export async function readDocument(path: string, input: AsyncIterable<Uint8Array>): Promise<GivenDocument> {
  if (path === STANDARD_INPUT) return assembled(parse(await textOf(input), 'standard input'), undefined)
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const file = isFolder ? join(path, MAIN_FILE) : path
  return assembled(readFile(file), dirname(file))
}

/** With the pipelines that are names of files read from there. `folder` is undefined where there is none. */
function assembled(main: ReadDocument, folder: string | undefined): GivenDocument {
  const parts = new Map<string, ReadDocument>()
  const pipelines = (Object(main.value) as Tree)['pipelines']
  const value = Array.isArray(pipelines)
    ? {
        ...(main.value as Tree),
        pipelines: pipelines.map((entry: unknown, i) => {
          if (typeof entry !== 'string') return entry
          const part = readPart(entry, folder, placeIn(main, ['pipelines', i]))
          parts.set(String(i), part)
          return part.value
        }),
      }
    : main.value
  return {
    value,
    placeOf(path) {
      const part = path[0] === 'pipelines' ? parts.get(String(path[1])) : undefined
      return part === undefined ? placeIn(main, path) : placeIn(part, path.slice(2))
    },
    unused: folder === undefined || parts.size === 0 ? [] : unusedIn(folder, [...parts.values()]),
  }
}

function readPart(name: string, folder: string | undefined, place: string): ReadDocument {
  const refuse = (reason: string) => new StreamgateError('SG_CONFIG_REFERENCE', `${place}: ${reason}`)
  if (folder === undefined) throw refuse(`"${name}" is a file, and standard input has none beside it`)
  const file = join(folder, name)
  if (relative(folder, file).startsWith('..')) throw refuse(`"${name}" does not lie in this folder`)
  if (!existsSync(file)) throw refuse(`there is no file "${name}"; write the pipeline there, or take the line out`)
  return readFile(file)
}

function unusedIn(folder: string, parts: readonly ReadDocument[]): string[] {
  const beside = join(folder, PIPELINES_FOLDER)
  if (!existsSync(beside)) return []
  const used = new Set(parts.map(({ source }) => source))
  return readdirSync(beside)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .map((name) => join(beside, name))
    .filter((file) => !used.has(file))
    .sort()
}

function placeIn(read: ReadDocument, path: Path): string {
  const place = read.placeOf(path)
  return place === undefined ? read.source : `${read.source}:${place.line}:${place.column}`
}

/** Complaints of an API about a document, each with its line. `base`: where the document stood in the body. */
export function locatedError(
  given: GivenDocument,
  complaints: readonly { pointer: string; detail: string }[],
  base = '',
  code: ErrorCode = 'SG_CONFIG_INVALID',
): StreamgateError {
  const lines = complaints.map(({ pointer, detail }) => {
    const path = pathOf(pointer.startsWith(base) ? pointer.slice(base.length) : pointer)
    return `${given.placeOf(path)}:${path.length === 0 ? '' : ` ${pathText(path)}:`} ${detail}`
  })
  return new StreamgateError(code, lines.join('\n'))
}

/** A JSON Pointer (RFC 6901), taken apart. */
function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The document as one text. */
export function documentText(document: Tree): string {
  return yaml(ordered(document))
}

/** The document as files by their names; the main file names the others. */
export function documentFiles(document: Tree): Map<string, string> {
  const { pipelines } = document
  if (!Array.isArray(pipelines)) return new Map([[MAIN_FILE, documentText(document)]])
  const files = new Map<string, string>()
  const names = pipelines.map((pipeline: Tree) => {
    const name = fileNameOf(String(pipeline['id']), files)
    files.set(name, yaml(orderedPart(pipeline)))
    return name
  })
  return new Map([[MAIN_FILE, yaml({ ...ordered(document), pipelines: names })], ...files])
}

/** Writes them below `folder`. Gives the files of pipelines that lie there from before and are no part of it. */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): string[] {
  for (const [name, text] of files) writeText(join(folder, name), text)
  const written = [...files.keys()].map((name) => join(folder, name))
  return unusedIn(
    folder,
    written.map((source) => ({ source, value: undefined, placeOf: () => undefined })),
  )
}

export function writeText(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } catch (error) {
    throw new StreamgateError('SG_USAGE', `cannot write ${file}: ${(error as Error).message}`)
  }
}

/** Whether a path that is to be written means a folder. */
export function isFolder(path: string): boolean {
  return path.endsWith('/') || path.endsWith(sep) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Ids may differ only in case, or have characters that some systems do not allow in names. */
function fileNameOf(id: string, taken: ReadonlyMap<string, string>): string {
  const stem = id.replace(/[^A-Za-z0-9_.-]/g, '_')
  const names = new Set([...taken.keys()].map((name) => name.toLowerCase()))
  for (let n = 1; ; n++) {
    const name = `${PIPELINES_FOLDER}/${stem}${n === 1 ? '' : `~${n}`}.yaml`
    if (!names.has(name.toLowerCase())) return name
  }
}

/** What a reader looks for first; the rest by name. Values keep the order they have: in some it means something. */
const KEYS = ['version', 'id', 'type', 'sources', 'when', 'params', 'pipelines', 'processors', 'outputs', 'upstreams']

function ordered(document: Tree): Tree {
  return Object.fromEntries(
    Object.entries(sortedKeys(document)).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(orderedPart) : value,
    ]),
  )
}

function orderedPart(part: unknown): unknown {
  if (!isTree(part)) return part
  const sorted = sortedKeys(part)
  const { processors } = sorted
  return Array.isArray(processors)
    ? { ...sorted, processors: processors.map((rule: unknown) => (isTree(rule) ? sortedKeys(rule) : rule)) }
    : sorted
}

function sortedKeys(tree: Tree): Tree {
  const rank = (key: string) => (KEYS.includes(key) ? KEYS.indexOf(key) : KEYS.length)
  return Object.fromEntries(Object.entries(tree).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0)))
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

async function textOf(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of input) {
    chunks.push(chunk)
    length += chunk.length
    if (length > CONFIG_BYTES_MAX)
      throw new StreamgateError('SG_CONFIG_READ', `standard input is larger than ${CONFIG_BYTES_MAX} bytes`)
  }
  return Buffer.concat(chunks).toString()
}
