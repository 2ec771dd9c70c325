import { loadConfig } from '#config/load.ts'
import { StreamgateError } from '#contract/error.ts'
import { type ExplainedStep, explainRecord } from '#engine/explain.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { type Command, configOption } from './command.ts'
import { paint } from './terminal.ts'

/** More than any record that a node would take. */
const RECORD_BYTES_MAX = 16 * 1024 * 1024

export const explain: Command = {
  name: 'explain',
  summary: 'Tell which rule does what to the record on standard input',
  usage: 'FILE',
  positionals: { min: 0, max: 1 },
  options: {
    ...configOption,
    pipeline: { type: 'string', value: 'ID', about: 'Which pipeline; by default the first.' },
    json: { type: 'boolean', about: 'One JSON document instead of text.' },
  },
  examples: [
    'echo "DEBUG: test log" | streamgate explain streamgate.yaml',
    'streamgate explain streamgate.yaml --json < record.json',
  ],
  async run(flags, [file]) {
    enableLinearRegex()
    const config = file ?? (flags['config'] as string | undefined)
    const { plan } = loadConfig({ config }, process.env, registry)
    const id = flags['pipeline']
    const pipeline = id === undefined ? plan.pipelines[0] : plan.pipelines.find((pipeline) => pipeline.id === id)
    if (pipeline === undefined) {
      const known = plan.pipelines.map((pipeline) => pipeline.id).join(', ')
      throw new StreamgateError('SG_USAGE', `there is no pipeline "${String(id)}"; known: ${known}`)
    }
    const record = await readRecord()
    const steps = explainRecord(pipeline.processors, registry, record)
    const last = steps.at(-1)
    const after = last === undefined ? record.toString() : last.after
    process.stdout.write(
      flags['json'] === true
        ? `${JSON.stringify({ pipeline: pipeline.id, steps, result: after })}\n`
        : describe(steps, after),
    )
    return 0
  },
}

/** One record: everything on standard input, without the line end. */
async function readRecord(): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    length += chunk.length
    if (length > RECORD_BYTES_MAX)
      throw new StreamgateError('SG_USAGE', `the record is larger than ${RECORD_BYTES_MAX} bytes`)
  }
  const bytes = Buffer.concat(chunks)
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length
  return bytes.subarray(0, bytes.at(end - 1) === 0x0d && end < bytes.length ? end - 1 : end)
}

function describe(steps: ExplainedStep[], after: string | null): string {
  const lines = steps.map(({ id, type, result, before, after }, i) => {
    const changed = result === 'edited' ? `\n     ${before}\n  →  ${after}` : ''
    return `${String(i + 1).padStart(2)}  ${id} (${type}): ${paint(COLOURS[result] ?? 'red', result, process.stdout)}${changed}`
  })
  const end = after === null ? 'The record ends here: nothing is sent.' : `Sent: ${after}`
  return `${lines.length === 0 ? 'There are no rules.' : lines.join('\n')}\n${end}\n`
}

const COLOURS: Partial<Record<ExplainedStep['result'], 'green' | 'cyan' | 'dim'>> = {
  kept: 'green',
  edited: 'cyan',
  skipped: 'dim',
}
