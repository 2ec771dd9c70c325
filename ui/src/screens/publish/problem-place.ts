/** Where in a draft a problem is: `/pipelines/0/processors/1/params/value` in words, and which part it is. */
import type { Target } from '#ui/editor/diff-view-words.ts'

export interface ProblemPlace {
  /** `Rule drop_debug in pipeline p, params/value` */
  words: string
  target: Target | undefined
}

const NOUNS: Record<string, string> = {
  sources: 'Source',
  pipelines: 'Pipeline',
  outputs: 'Output',
  upstreams: 'Upstream',
}

export function placeOfProblem(pointer: string, document: unknown): ProblemPlace {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const [list = '', index = '', nested, inner, ...rest] = parts
  const noun = NOUNS[list]
  if (noun === undefined || index === '') return { words: parts.join('/'), target: undefined }
  const part = at(at(document, list), index)
  const id = idOf(part) ?? index
  const name = `${noun} ${id}`
  if (nested === 'processors' && inner !== undefined) {
    const rule = idOf(at(at(part, nested), inner)) ?? inner
    return {
      words: withField(`Rule ${rule} in pipeline ${id}`, rest),
      target: { list: nested, id: rule, pipeline: id },
    }
  }
  const fields = [nested, inner, ...rest].filter((field) => field !== undefined)
  return { words: withField(name, fields), target: { list, id, pipeline: undefined } }
}

function withField(name: string, fields: readonly string[]): string {
  return fields.length === 0 ? name : `${name}, ${fields.join('/')}`
}

function at(value: unknown, key: string): unknown {
  return (Object(value) as Record<string, unknown>)[key]
}

function idOf(value: unknown): string | undefined {
  const { id } = Object(value) as { id?: unknown }
  return typeof id === 'string' ? id : undefined
}
