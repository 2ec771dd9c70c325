/** Where in a draft a problem is: `/pipelines/0/processors/1/params/value` in words, and which screen shows it. */
export interface ProblemPlace {
  /** `Rule drop_debug in pipeline p, params/value` */
  words: string
  to: '/rules' | '/pipelines' | '/outputs' | undefined
}

const NOUNS: Record<string, string> = {
  sources: 'Source',
  pipelines: 'Pipeline',
  outputs: 'Output',
  upstreams: 'Upstream',
}
const SCREENS: Record<string, '/pipelines' | '/outputs'> = {
  sources: '/pipelines',
  pipelines: '/pipelines',
  outputs: '/outputs',
  upstreams: '/outputs',
}

export function placeOfProblem(pointer: string, document: unknown): ProblemPlace {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const [list = '', index = '', nested, inner, ...rest] = parts
  const noun = NOUNS[list]
  if (noun === undefined || index === '') return { words: parts.join('/'), to: undefined }
  const part = at(at(document, list), index)
  const name = `${noun} ${idOf(part) ?? index}`
  if (nested === 'processors' && inner !== undefined) {
    const rule = idOf(at(at(part, nested), inner)) ?? inner
    return { words: withField(`Rule ${rule} in pipeline ${idOf(part) ?? index}`, rest), to: '/rules' }
  }
  const fields = [nested, inner, ...rest].filter((field) => field !== undefined)
  return { words: withField(name, fields), to: SCREENS[list] }
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
