/** From the value of a document to a plan: references, components, and whether it all hangs together. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { NodePlan, OutputPlan, PipelinePlan, ProcessorPlan, SourcePlan } from '#component/plan.ts'
import type { Registry } from '#component/registry.ts'
import { Secret } from '#component/secret.ts'
import type { UpstreamPlan } from '#upstreams/plan.ts'
import { batchLimits, resolveOutput, resolveSource, resolveUpstream, upstreamProblems } from './components.ts'
import { type Path, type Problem, problemsOf, suggest } from './problems.ts'
import { type Resolved, resolveProcessor } from './rules.ts'
import { type Document, document as documentSchema, type PipelineEntry } from './schema.ts'
import { checkSignals } from './signals.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Values of `${secret:name}` that came with a configuration. What the node has itself under that name comes first. */
export type Secrets = ReadonlyMap<string, Secret>

/** A secret in a file is short; a longer file is the wrong file. */
const REFERENCED_FILE_BYTES_MAX = 64 * 1024

export interface Resolution {
  document: Document | undefined
  plan: NodePlan | undefined
  problems: Problem[]
  warnings: Problem[]
}

/** Checks everything and gives all problems at once; there is a plan if there are none. */
export function resolveDocument(value: unknown, registry: Registry, env: Environment, secrets?: Secrets): Resolution {
  const problems: Problem[] = []
  const dereferenced = dereference(value, [], { env, secretsDir: secretsDirOf(value, env), secrets }, problems)
  const parsed = documentSchema.safeParse(dereferenced)
  if (!parsed.success) {
    problems.push(...problemsOf(parsed.error, [], Object.keys(documentSchema.shape)))
    return { document: undefined, plan: undefined, problems, warnings: [] }
  }
  const document = parsed.data
  const collect = <Plan>(results: Resolved<Plan>[]) =>
    results.flatMap((result) => {
      problems.push(...(result.problems ?? []))
      return result.plan === undefined ? [] : [result.plan]
    })
  const sources = collect<SourcePlan>(
    document.sources.map((entry, i) => resolveSource(entry, ['sources', i], registry)),
  )
  const upstreams = collect<UpstreamPlan>(
    document.upstreams.map((entry, i) => resolveUpstream(entry, ['upstreams', i])),
  )
  const known = document.upstreams.map(({ id }) => id)
  const outputs = collect<OutputPlan>(
    document.outputs.map((entry, i) => {
      const path = ['outputs', i]
      const { plan, problems = [] } = resolveOutput(entry, path, registry)
      if (plan === undefined) return { problems }
      const unknown = upstreamProblems(plan, path, known)
      return unknown.length > 0 ? { problems: unknown } : { plan }
    }),
  )
  const pipelines = document.pipelines.map((entry, i) => {
    const path = ['pipelines', i, 'processors']
    const processors = entry.processors.map((processor, j) => resolveProcessor(processor, [...path, j], registry))
    return pipelinePlan(entry, collect<ProcessorPlan>(processors))
  })
  const warnings: Problem[] = []
  checkReferences(document, problems, warnings)
  checkPromises(document, sources, outputs, problems)
  problems.push(...checkSignals(document, pipelines, outputs, registry))
  warnings.push(...literalSecrets(value, 'sources', sources), ...literalSecrets(value, 'outputs', outputs))
  if (problems.length > 0) return { document, plan: undefined, problems, warnings }
  const used = new Set(pipelines.flatMap((pipeline) => pipeline.outputs))
  const plan = {
    hash: hashOf(JSON.stringify(value)),
    sources,
    pipelines,
    outputs: outputs.filter((output) => used.has(output.id)),
    upstreams,
  }
  return { document, plan, problems, warnings }
}

export function pipelinePlan(entry: PipelineEntry, processors: ProcessorPlan[]): PipelinePlan {
  const { fail_open: failOpen } = entry
  return {
    id: entry.id,
    signal: entry.signal,
    sources: entry.sources,
    processors,
    outputs: entry.outputs,
    batch: batchLimits(entry.batch),
    failOpen: {
      atBufferRatio: failOpen.at_buffer_ratio,
      stallMs: failOpen.stall_ms,
      killMs: Math.max(failOpen.kill_ms, failOpen.stall_ms),
      probeMs: failOpen.probe_ms,
      errorRatio: failOpen.error_ratio,
    },
    keepDropped:
      entry.keep_dropped === undefined
        ? undefined
        : { bytesMax: entry.keep_dropped.max_bytes, ageMsMax: entry.keep_dropped.max_age_ms },
  }
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function checkReferences(document: Document, problems: Problem[], warnings: Problem[]): void {
  for (const list of ['sources', 'pipelines', 'outputs', 'upstreams'] as const) {
    problems.push(...duplicates(document[list], [list]))
  }
  document.pipelines.forEach((pipeline, i) => {
    problems.push(...duplicates(pipeline.processors, ['pipelines', i, 'processors']))
    for (const list of ['sources', 'outputs'] as const) {
      const known = document[list].map((entry) => entry.id)
      pipeline[list].forEach((id, j) => {
        if (known.includes(id)) return
        const message = `there is no ${list.slice(0, -1)} "${id}"${suggest(id, known)}`
        problems.push({ code: 'SG_CONFIG_REFERENCE', path: ['pipelines', i, list, j], message })
      })
    }
  })
  document.sources.forEach(({ id }, i) => {
    if (document.pipelines.some((pipeline) => pipeline.sources.includes(id))) return
    warnings.push({
      code: 'SG_CONFIG_REFERENCE',
      path: ['sources', i],
      message: `no pipeline takes what source "${id}" brings`,
    })
  })
}

/** What a durable source has promised may not be given up by an output that it feeds. */
function checkPromises(document: Document, sources: SourcePlan[], outputs: OutputPlan[], problems: Problem[]): void {
  for (const { id } of sources.filter(({ durable }) => durable)) {
    for (const pipeline of document.pipelines.filter((pipeline) => pipeline.sources.includes(id))) {
      for (const output of outputs.filter((output) => pipeline.outputs.includes(output.id))) {
        const at = document.outputs.findIndex((entry) => entry.id === output.id)
        const refuse = (path: Path, policy: string) =>
          problems.push({
            code: 'SG_CONFIG_INVALID',
            path: ['outputs', at, ...path],
            message: `source "${id}" is durable, so what it took in may not be given up: not ${policy}`,
          })
        if (output.whenFull?.startsWith('drop') === true) refuse(['when_full'], output.whenFull)
        if (output.spool.whenFull?.startsWith('drop') === true) refuse(['spool', 'when_full'], output.spool.whenFull)
      }
    }
  }
}

/** Secrets that stand in the configuration itself. Headers that are none by their name do not count. */
function literalSecrets(
  value: unknown,
  list: 'sources' | 'outputs',
  plans: readonly { id: string; options: Record<string, unknown> }[],
): Problem[] {
  const entries = (Object(value) as Record<string, unknown>)[list]
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown, i) => {
    const plan = plans.find(({ id }) => id === (Object(entry) as { id?: unknown }).id)
    return plan === undefined ? [] : secretsIn(entry, plan.options, [list, i])
  })
}

function secretsIn(raw: unknown, parsed: unknown, path: Path): Problem[] {
  if (parsed instanceof Secret) {
    const isNamedSo = /auth|key|token|secret|password|credential|cookie/i.test(String(path.at(-1)))
    if (typeof raw !== 'string' || raw.includes('${') || !isNamedSo) return []
    const message =
      'a secret stands here in plain text; better a reference to the environment, a file or a named secret'
    return [{ code: 'SG_CONFIG_INVALID', path, message }]
  }
  if (typeof parsed !== 'object' || parsed === null || typeof raw !== 'object' || raw === null) return []
  return Object.entries(parsed).flatMap(([key, item]) =>
    secretsIn((raw as Record<string, unknown>)[key], item, [...path, key]),
  )
}

export function duplicates(entries: readonly { id: string }[], path: Path): Problem[] {
  return entries.flatMap(({ id }, i): Problem[] => {
    if (entries.findIndex((entry) => entry.id === id) === i) return []
    return [
      { code: 'SG_CONFIG_DUPLICATE_ID', path: [...path, i, 'id'], message: `"${id}" is taken by an earlier entry` },
    ]
  })
}

/** Where references find what they name. */
interface Places {
  env: Environment
  secretsDir: string
  secrets: Secrets | undefined
}

/** Where containers find what they are not to have in their environment. */
const SECRETS_DIR_DEFAULT = '/run/secrets'

function secretsDirOf(value: unknown, env: Environment): string {
  const configured = (Object(value) as { secrets_dir?: unknown }).secrets_dir
  return typeof configured === 'string' ? configured : (env['SECRETS_DIR'] ?? SECRETS_DIR_DEFAULT)
}

/** Puts values in the place of `${env:NAME}`, `${file:/path}` and `${secret:name}`. Values never show in messages. */
function dereference(value: unknown, path: Path, places: Places, problems: Problem[]): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{(env|file|secret):([^}]*)\}/g, (_whole, kind: string, name: string) => {
      const { found, missing } = lookUp(kind, name, places)
      if (found !== undefined) return found
      problems.push({ code: 'SG_CONFIG_REFERENCE', path, message: missing })
      return ''
    })
  }
  if (Array.isArray(value)) return value.map((item, i) => dereference(item, [...path, i], places, problems))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, dereference(item, [...path, key], places, problems)]),
    )
  }
  return value
}

function lookUp(
  kind: string,
  name: string,
  { env, secretsDir, secrets }: Places,
): { found: string | undefined; missing: string } {
  if (kind === 'env') return { found: env[name], missing: `the environment has no ${name}` }
  if (kind === 'file') return { found: contentOf(name), missing: `the file ${name} cannot be read` }
  // A name, so that it leads nowhere else.
  const own = /^[A-Za-z0-9_.-]{1,128}$/.test(name) ? contentOf(`${secretsDir}/${name}`) : undefined
  const found = own ?? secrets?.get(name)?.reveal()
  return { found, missing: `there is no secret "${name}" in ${secretsDir}` }
}

/** Without the newline that editors put at the end. */
function contentOf(file: string): string | undefined {
  try {
    const content = readFileSync(file, 'utf8')
    return content.length > REFERENCED_FILE_BYTES_MAX ? undefined : content.replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}
