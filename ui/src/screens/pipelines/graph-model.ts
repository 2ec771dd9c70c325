/** A pipeline as a graph: its sources, the pipeline itself, its rules in order, its outputs, and what flows between them. */
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { countPerSecond } from '#ui/kit/format.ts'
import { type PipelineState, pipelineWords } from '#ui/words/pipeline-state.ts'
import { attachedTo, type Component, type Effective, type Pipeline, type Processor } from './document.ts'
import { changeAt, type Figures, type Flow, type PipelineFigures } from './figures.ts'

export type NodeKind = 'source' | 'pipeline' | 'rule' | 'output'

export interface GraphNode {
  /** `rule:drop_debug`; what stands in the URL. */
  id: string
  kind: NodeKind
  name: string
  type: string
  /** It stands in the gateway's own file, not in the draft. */
  fromFile: boolean
  /** Nobody has it: neither the draft nor, as far as is known, a gateway. */
  missing: boolean
  /** A gateway has said so. */
  isRunning: boolean
  /** One line of what it does; empty where there is nothing to say. */
  note: string
  /** Bytes that leave, over those that come, less one. */
  change: number | null
  /** What is wrong, in words. */
  trouble: string | undefined
}

export interface GraphEdge {
  id: string
  from: string
  to: string
  flow: Flow | null
  /** In pixels. */
  width: number
  /** Where a rule lands that is put here; undefined where none can stand. */
  position: number | undefined
}

export interface Graph {
  nodes: GraphNode[]
  edges: GraphEdge[]
}

export interface GraphInput {
  pipeline: Pipeline
  document: ConfigurationDocument
  effective: Effective
  figures: Figures
  /** Of the draft, as `POST /validate` tells them. */
  problems: readonly { pointer: string; detail: string }[]
  /** Bytes of a second by source. */
  sourceRates: ReadonlyMap<string, number>
}

export function graphOf(input: GraphInput): Graph {
  const { pipeline, effective, figures } = input
  const { sources, outputs } = attachedTo(pipeline, effective)
  const running = figures.pipelines.get(pipeline.id)
  const troubles = troublesOf(input)
  const center = `pipeline:${pipeline.id}`
  const nodes: GraphNode[] = [
    ...sources.map((id) => sourceNode(id, input, troubles)),
    pipelineNode(pipeline, running, troubles),
    ...pipeline.processors.map((processor) => ruleNode(processor, running, troubles)),
    ...outputs.map((id) => outputNode(id, input, troubles)),
  ]
  const edges: GraphEdge[] = sources.map((id) => {
    const rate = sources.length === 1 ? undefined : input.sourceRates.get(id)
    const flow =
      sources.length === 1 ? (running?.in ?? null) : rate === undefined ? null : { records: Number.NaN, bytes: rate }
    return edgeOf(`source:${id}`, center, flow, undefined)
  })
  let before = center
  let flow = running?.in ?? null
  pipeline.processors.forEach((processor, place) => {
    const id = `rule:${processor.id}`
    edges.push(edgeOf(before, id, flow, place))
    const rule = running?.rules.find((candidate) => candidate.id === processor.id)
    if (rule !== undefined) flow = rule.after
    before = id
  })
  const out = running?.out ?? flow
  for (const id of outputs) edges.push(edgeOf(before, `output:${id}`, out, pipeline.processors.length))
  const widest = Math.max(0, ...edges.map((edge) => edge.flow?.bytes ?? 0))
  for (const edge of edges) edge.width = widthOf(edge.flow?.bytes ?? 0, widest)
  return { nodes, edges }
}

const WIDTH_MIN = 1.5
const WIDTH_MAX = 8

/** The area that one sees grows with the bytes, so the width grows with their root. */
export function widthOf(bytes: number, widest: number): number {
  if (!(bytes > 0) || !(widest > 0)) return WIDTH_MIN
  return WIDTH_MIN + (WIDTH_MAX - WIDTH_MIN) * Math.sqrt(Math.min(1, bytes / widest))
}

/** The rule or component that a node stands for, whichever has it. */
export function componentOf(
  list: 'sources' | 'outputs',
  id: string,
  document: ConfigurationDocument,
  effective: Effective,
): { component: Component | undefined; fromFile: boolean } {
  const own = document[list].find((component) => component.id === id)
  if (own !== undefined) return { component: own, fromFile: false }
  return { component: effective[list].find((component) => component.id === id), fromFile: true }
}

function edgeOf(from: string, to: string, flow: Flow | null, position: number | undefined): GraphEdge {
  return { id: `${from}>${to}`, from, to, flow, width: WIDTH_MIN, position }
}

function sourceNode(
  id: string,
  { document, effective, figures }: GraphInput,
  troubles: Map<string, string>,
): GraphNode {
  const { component, fromFile } = componentOf('sources', id, document, effective)
  const live = figures.sources.get(id)
  return {
    id: `source:${id}`,
    kind: 'source',
    name: id,
    type: component?.type ?? live?.type ?? 'source',
    fromFile: fromFile && (component !== undefined || live !== undefined),
    missing: component === undefined && live === undefined,
    isRunning: live !== undefined,
    note:
      live === undefined ? '' : live.addresses.length === 1 ? live.addresses[0]! : `${live.addresses.length} addresses`,
    change: null,
    trouble: troubles.get(`source:${id}`),
  }
}

function pipelineNode(
  pipeline: Pipeline,
  running: PipelineFigures | undefined,
  troubles: Map<string, string>,
): GraphNode {
  const id = `pipeline:${pipeline.id}`
  return {
    id,
    kind: 'pipeline',
    name: pipeline.id,
    type: typeof pipeline['signal'] === 'string' ? pipeline['signal'] : 'logs',
    fromFile: false,
    missing: false,
    isRunning: running !== undefined,
    note: running === undefined ? '' : `${running.gateways} ${running.gateways === 1 ? 'gateway' : 'gateways'}`,
    change: null,
    trouble: troubles.get(id) ?? troubleOf(running?.state ?? 'normal'),
  }
}

function troubleOf(state: PipelineState): string | undefined {
  const { tone, word, meaning } = pipelineWords[state]
  return tone === 'ok' ? undefined : `${word}: ${meaning}`
}

function ruleNode(
  processor: Processor,
  running: PipelineFigures | undefined,
  troubles: Map<string, string>,
): GraphNode {
  const id = `rule:${processor.id}`
  const live = running?.rules.find((rule) => rule.id === processor.id)
  const failed = live !== undefined && live.errors > 0 ? `Failed on ${live.errors} records since the start` : undefined
  return {
    id,
    kind: 'rule',
    name: processor.id,
    type: processor.type,
    fromFile: false,
    missing: false,
    isRunning: live !== undefined,
    note: ruleWords(processor.type, processor.params),
    change: live === undefined ? null : changeAt(live),
    trouble: troubles.get(id) ?? failed,
  }
}

function outputNode(
  id: string,
  { document, effective, figures }: GraphInput,
  troubles: Map<string, string>,
): GraphNode {
  const { component, fromFile } = componentOf('outputs', id, document, effective)
  const live = figures.outputs.get(id)
  return {
    id: `output:${id}`,
    kind: 'output',
    name: id,
    type: component?.type ?? live?.type ?? 'output',
    fromFile: fromFile && (component !== undefined || live !== undefined),
    missing: component === undefined && live === undefined,
    isRunning: live !== undefined,
    note: live?.delivered ? `${countPerSecond(live.delivered.records)} delivered` : '',
    change: null,
    trouble: troubles.get(`output:${id}`) ?? live?.lastError?.message,
  }
}

/** What is wrong with the draft, by node: a pointer leads to the part that it speaks of. */
function troublesOf({ pipeline, document, problems }: GraphInput): Map<string, string> {
  const at = document.pipelines.findIndex(({ id }) => id === pipeline.id)
  const troubles = new Map<string, string>()
  for (const { pointer, detail } of problems) {
    const [, list, place, part, index, ...rest] = pointer.split('/')
    const entry = (list === 'sources' || list === 'outputs') && document[list][Number(place)]
    const rule =
      list === 'pipelines' && Number(place) === at && part === 'processors' && pipeline.processors[Number(index)]
    const node = entry
      ? `${list === 'sources' ? 'source' : 'output'}:${entry.id}`
      : rule
        ? `rule:${rule.id}`
        : list === 'pipelines' && Number(place) === at
          ? `pipeline:${pipeline.id}`
          : undefined
    const where = rule ? rest.join('/') : [part, index, ...rest].filter((step) => step !== undefined).join('/')
    if (node !== undefined && !troubles.has(node)) troubles.set(node, where === '' ? detail : `${where}: ${detail}`)
  }
  return troubles
}

/** `rule:drop_debug`, `new:2`: what stands before the colon, and after it. */
export function nodeParts(node: string): [string, string] {
  const at = node.indexOf(':')
  return at === -1 ? [node, ''] : [node.slice(0, at), node.slice(at + 1)]
}
