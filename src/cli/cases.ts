/** The file of `streamgate test`: what goes in, and what should come of it. Read as strictly as a configuration. */
import { z } from 'zod'
import type { PipelinePlan } from '#component/plan.ts'
import { ConfigError, type Path, type Place, type Problem, problemsOf, suggest } from '#config/problems.ts'
import { type ReadDocument, readFile } from '#config/read.ts'
import { type Fate, fates } from '#contract/observation.ts'
import { type InputFormat, inputFormats } from './case-runner.ts'

const CASES_MAX = 10_000
const RECORDS_MAX = 10_000

/** One text or several. A union would only say of anything else that its input is invalid. */
const texts = z
  .custom<string | string[]>(isTexts, 'must be text, or a list of texts')
  .transform((value) => (Array.isArray(value) ? value : [value]))

const expectationObject = z
  .strictObject({
    outcome: z.enum(fates).optional().describe('How the record ends; `forwarded` where it does not.'),
    rule: z.string().optional().describe('Id of the rule that ends it.'),
    edited_by: texts.optional().describe('Ids of the rules that edit it, in order; an empty list for none.'),
    text: z.string().optional().describe('The whole record as it goes on.'),
    json: z.unknown().optional().describe('The record as it goes on, as JSON; the order of members does not count.'),
    contains: texts.optional().describe('What it has in it as it goes on.'),
    not_contains: texts.optional().describe('What it has not.'),
  })
  .refine((value) => Object.values(value).some((part) => part !== undefined), 'expects nothing: say what')

const caseObject = z.strictObject({
  name: z.string().min(1).max(500).describe('What the case shows; no two have the same.'),
  pipeline: z.string().optional().describe('Id of the pipeline; by default the first.'),
  format: z
    .enum(inputFormats)
    .optional()
    .describe('What `input` is: `text` or `syslog` (one record each), `otlp` (a request in OTLP/JSON each).'),
  input: z.unknown().optional().describe('A record: text, or an object as JSON. Or a list of such.'),
  every_ms: z.int().min(0).max(86_400_000).default(0).describe('Time between the records.'),
  expect: z.unknown().optional().describe('What becomes of every record, or a list of what becomes of each.'),
  emitted: z.array(z.unknown()).optional().describe('What rules such as `aggregate` send at the end, in order.'),
})

const CASE_KEYS = Object.keys(caseObject.shape)
const EXPECTATION_KEYS = Object.keys(expectationObject.shape)

/** What should become of one record. Whatever is undefined or empty may be anything. */
export interface Expectation {
  /** `ended`: in any way but `forwarded`. */
  outcome: Fate | 'ended'
  rule?: string | undefined
  editedBy?: string[] | undefined
  text?: string | undefined
  /** Null is a value here; undefined is none. */
  json?: unknown
  contains: string[]
  notContains: string[]
}

export interface Case {
  name: string
  pipeline: PipelinePlan
  format: InputFormat
  /** Each without a line end. */
  inputs: string[]
  everyMs: number
  /** One for all records, or one for each. */
  expect: Expectation | Expectation[]
  emitted: Expectation[] | undefined
  place: Place | undefined
}

/** Throws `ConfigError` with everything that is wrong. */
export function readCases(file: string, pipelines: readonly PipelinePlan[]): Case[] {
  const read = readFile(file)
  const reader = new CaseReader(read, pipelines)
  const list = z.array(z.unknown()).min(1).max(CASES_MAX).safeParse(read.value)
  const cases = list.success ? list.data.map((value, i) => reader.read(value, i)) : []
  const { problems } = reader
  if (!list.success) {
    const message = `must be a list of 1 to ${CASES_MAX} cases: - { name: …, input: …, expect: … }`
    problems.push({ code: 'SG_CONFIG_INVALID', path: [], message })
  }
  if (problems.length > 0) throw new ConfigError(problems, file, (problem) => read.placeOf(problem.path))
  return cases.filter((entry) => entry !== undefined)
}

class CaseReader {
  readonly problems: Problem[] = []
  readonly #read: ReadDocument
  readonly #pipelines: readonly PipelinePlan[]
  readonly #names = new Set<string>()

  constructor(read: ReadDocument, pipelines: readonly PipelinePlan[]) {
    this.#read = read
    this.#pipelines = pipelines
  }

  /** Undefined where there were problems. */
  read(value: unknown, i: number): Case | undefined {
    const result = caseObject.safeParse(value)
    if (!result.success) {
      this.problems.push(...problemsOf(result.error, [i], CASE_KEYS))
      return undefined
    }
    const { name, input, every_ms: everyMs } = result.data
    if (this.#names.has(name)) this.#invalid([i, 'name'], 'another case has this name')
    this.#names.add(name)
    const pipeline = this.#pipelineOf(result.data.pipeline, i)
    if (pipeline === undefined) return undefined
    const format = this.#formatOf(result.data.format, pipeline, i)
    const inputs = this.#inputs(input, [i, 'input'])
    const expect = this.#expected(result.data.expect, pipeline, [i, 'expect'])
    if (Array.isArray(expect) && format !== 'otlp' && inputs.length !== expect.length) {
      const message = `must have one entry for each of the ${inputs.length} records, and has ${expect.length}`
      this.#invalid([i, 'expect'], message)
    }
    const emitted = result.data.emitted?.map((entry, j) => this.#expectation(entry, pipeline, [i, 'emitted', j]))
    return { name, pipeline, format, inputs, everyMs, expect, emitted, place: this.#read.placeOf([i, 'name']) }
  }

  #pipelineOf(id: string | undefined, i: number): PipelinePlan | undefined {
    const found = id === undefined ? this.#pipelines[0] : this.#pipelines.find((pipeline) => pipeline.id === id)
    if (found !== undefined) return found
    const known = this.#pipelines.map((pipeline) => pipeline.id)
    const message = `there is no pipeline "${id}"${suggest(id ?? '', known)}`
    this.problems.push({ code: 'SG_CONFIG_REFERENCE', path: [i, 'pipeline'], message })
    return undefined
  }

  #formatOf(format: InputFormat | undefined, { id, signal }: PipelinePlan, i: number): InputFormat {
    if (signal === 'logs') return format ?? 'text'
    if (format !== undefined && format !== 'otlp')
      this.#invalid([i, 'format'], `must be otlp: pipeline "${id}" carries ${signal}`)
    return 'otlp'
  }

  #inputs(value: unknown, path: Path): string[] {
    const list = Array.isArray(value) ? value : [value]
    if (list.length === 0 || list.length > RECORDS_MAX)
      this.#invalid(path, `must be a record, or a list of 1 to ${RECORDS_MAX}`)
    return list.map((entry, j) => {
      if (typeof entry === 'string') return entry.replace(/\r?\n$/, '')
      if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) return JSON.stringify(entry)
      this.#invalid(Array.isArray(value) ? [...path, j] : path, 'must be text, or an object; numbers go in quotes')
      return ''
    })
  }

  #expected(value: unknown, pipeline: PipelinePlan, path: Path): Expectation | Expectation[] {
    return Array.isArray(value)
      ? value.map((entry, j) => this.#expectation(entry, pipeline, [...path, j]))
      : this.#expectation(value, pipeline, path)
  }

  #expectation(value: unknown, pipeline: PipelinePlan, path: Path): Expectation {
    const nothing = { contains: [], notContains: [] }
    if (value === 'dropped') return { outcome: 'ended', ...nothing }
    if (typeof value === 'string') return { outcome: 'forwarded', text: value.replace(/\r?\n$/, ''), ...nothing }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#invalid(path, `must be text, dropped, or an object with some of: ${EXPECTATION_KEYS.join(', ')}`)
      return { outcome: 'ended', ...nothing }
    }
    const result = expectationObject.safeParse(value)
    if (!result.success) {
      this.problems.push(...problemsOf(result.error, path, EXPECTATION_KEYS))
      return { outcome: 'ended', ...nothing }
    }
    const {
      outcome,
      rule,
      edited_by: editedBy,
      text,
      json,
      contains = [],
      not_contains: notContains = [],
    } = result.data
    for (const id of [...(rule === undefined ? [] : [rule]), ...(editedBy ?? [])]) this.#checkRule(id, pipeline, path)
    const endsBy = outcome ?? (rule === undefined ? 'forwarded' : 'ended')
    const ofContent = { text, json, contains: contains[0], not_contains: notContains[0] }
    const asks = Object.entries(ofContent).find(([, part]) => part !== undefined)
    if (endsBy !== 'forwarded' && asks !== undefined)
      this.#invalid([...path, asks[0]], 'is asked of a record that goes on, and this one is to end')
    if (outcome === 'forwarded' && rule !== undefined)
      this.#invalid([...path, 'rule'], 'names the rule that ends the record, and this one is to go on')
    return { outcome: endsBy, rule, editedBy, text: text?.replace(/\r?\n$/, ''), json, contains, notContains }
  }

  #checkRule(id: string, { id: pipeline, processors }: PipelinePlan, path: Path): void {
    const known = processors.map((processor) => processor.id)
    if (known.includes(id)) return
    const message = `pipeline "${pipeline}" has no rule "${id}"${suggest(id, known)}`
    this.problems.push({ code: 'SG_CONFIG_REFERENCE', path, message })
  }

  #invalid(path: Path, message: string): void {
    this.problems.push({ code: 'SG_CONFIG_INVALID', path, message })
  }
}

function isTexts(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
}
