/** Reads the parts of a Dockerfile that ours uses, and of a .dockerignore. */
export interface Instruction {
  /** In capitals. */
  name: string
  /** Such as `{ from: 'build' }`. */
  flags: Readonly<Record<string, string>>
  /** Without the flags. */
  text: string
  /** Parts of `text`: of its JSON array, or what stands between spaces, without quotes. */
  words: readonly string[]
  isJson: boolean
  line: number
}

export interface Stage {
  /** As others call it; the last one is called `image` where it has no name. */
  name: string
  base: string
  instructions: readonly Instruction[]
}

const KNOWN = new Set([
  'FROM',
  'LABEL',
  'ENV',
  'WORKDIR',
  'COPY',
  'RUN',
  'USER',
  'VOLUME',
  'EXPOSE',
  'STOPSIGNAL',
  'HEALTHCHECK',
  'ENTRYPOINT',
  'CMD',
])

/** Throws for what it does not know. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = []
  for (const instruction of instructionsOf(text)) {
    const { name, words, line } = instruction
    if (!KNOWN.has(name)) throw new Error(`line ${line}: ${name} is not known here`)
    if (name !== 'FROM') {
      const stage = stages.at(-1)
      if (stage === undefined) throw new Error(`line ${line}: ${name} stands before the first FROM`)
      stage.instructions.push(instruction)
      continue
    }
    const [base, as, alias] = words
    if (base === undefined || (as !== undefined && as.toUpperCase() !== 'AS')) throw new Error(`line ${line}: bad FROM`)
    stages.push({ name: alias ?? 'image', base, instructions: [] })
  }
  return stages
}

function* instructionsOf(text: string): Generator<Instruction> {
  let joined = ''
  let first = 0
  const lines = text.split('\n')
  for (const [i, line] of lines.entries()) {
    // Comments and empty lines may stand inside of an instruction that goes on.
    if (/^\s*(#|$)/.test(line)) continue
    if (joined === '') first = i + 1
    joined += line.replace(/\\\s*$/, ' ')
    if (/\\\s*$/.test(line)) continue
    yield instruction(joined.trim(), first)
    joined = ''
  }
  if (joined !== '') throw new Error(`line ${first}: the file ends in the middle of an instruction`)
}

function instruction(joined: string, line: number): Instruction {
  const name = joined.split(/\s/, 1)[0]!
  let text = joined.slice(name.length).trim()
  const flags: Record<string, string> = {}
  for (let flag = /^--([a-z-]+)=(\S+)\s+/.exec(text); flag !== null; flag = /^--([a-z-]+)=(\S+)\s+/.exec(text)) {
    flags[flag[1]!] = flag[2]!
    text = text.slice(flag[0].length)
  }
  const array = /^(?:CMD\s+)?(\[.*\])$/.exec(text)
  const words = array === null ? wordsOf(text) : (JSON.parse(array[1]!) as string[])
  return { name: name.toUpperCase(), flags, text, words, isJson: array !== null, line }
}

/** Split at spaces outside of double quotes. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))
}

/** Whether a .dockerignore leaves a path of the context out: the last line that fits it, or a folder around it, says. */
export function ignoredBy(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }))
  return (path) => {
    const parts = path.split('/')
    const around = parts.map((_, i) => parts.slice(0, i + 1).join('/'))
    const last = patterns.findLast(({ pattern }) => around.some((part) => pattern.test(part)))
    return last !== undefined && !last.keeps
  }
}

/** Names that begin with a dot are like all others, unlike in a shell. */
function patternOf(line: string): RegExp {
  const parts = { '**/': '(.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' } as const
  const trimmed = line.replace(/^\/|\/$/g, '').replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const source = trimmed.replace(/\*\*\/|\*\*|\*|\?/g, (part) => parts[part as keyof typeof parts])
  return new RegExp(`^${source}$`)
}
