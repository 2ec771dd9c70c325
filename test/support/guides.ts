/** The guides to vendors, whose configurations must work as they stand. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Problem } from '#config/problems.ts'
import { resolveDocument } from '#config/resolve.ts'
import { registry } from '#registry.ts'

/** Problems and warnings of the configuration in `docs/guides/<name>.md`. `env`: the variables that it refers to. */
export function guideProblems(name: string, env: Readonly<Record<string, string>>): Problem[] {
  const guide = readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), 'utf8')
  const example = /```yaml\n(version: 2\n[\s\S]*?)```/.exec(guide)?.[1]
  if (example === undefined) throw new Error(`docs/guides/${name}.md has no complete configuration`)
  const { problems, warnings } = resolveDocument(parse(example), registry, env)
  return [...problems, ...warnings]
}
