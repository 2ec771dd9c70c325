/**
 * What is left of a configuration that does not fit any more: the rules that must run, such as redactions. A node starts without
 * an output whose secret is gone; it does not start without what keeps records from leaving unredacted.
 */
import { find, type Registry } from '#component/registry.ts'
import type { Overlay } from './node-configuration.ts'

interface Rule {
  type?: unknown
  required?: unknown
}

interface Pipeline {
  id?: unknown
  name?: unknown
  signal?: unknown
  processors?: unknown
}

/** A document with the required rules of the pipelines that `file` has too; undefined when there are none, or it is no configuration. */
export function requiredRules(overlay: Overlay, file: unknown, registry: Registry): Overlay | undefined {
  if (overlay.kind === 'none') return undefined
  const own = new Set(listOf((Object(file) as { pipelines?: unknown }).pipelines).map(({ id }) => id))
  const pipelines = pipelinesOf(overlay.text).flatMap(({ id, name, signal, processors }) => {
    const rules = (Array.isArray(processors) ? processors : []).filter((rule) => isRequired(rule, registry))
    const known = id ?? name
    if (rules.length === 0 || !own.has(known)) return []
    return [{ id: known, ...(signal === undefined ? {} : { signal }), processors: rules }]
  })
  if (pipelines.length === 0) return undefined
  const secrets = overlay.kind === 'document' ? overlay.secrets : new Map()
  return { kind: 'document', text: JSON.stringify({ version: 2, pipelines }), secrets }
}

function pipelinesOf(text: string): Pipeline[] {
  try {
    return listOf((Object(JSON.parse(text)) as { pipelines?: unknown }).pipelines)
  } catch {
    return []
  }
}

function listOf(value: unknown): Pipeline[] {
  return Array.isArray(value) ? value.map((entry) => Object(entry) as Pipeline) : []
}

/** As the rule says, or its type. */
function isRequired(rule: unknown, registry: Registry): boolean {
  const { type, required } = Object(rule) as Rule
  if (typeof required === 'boolean') return required
  return find(registry.processors, String(type))?.required === true
}
