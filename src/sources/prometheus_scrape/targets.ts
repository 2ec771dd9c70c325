/**
 * What is scraped, as files tell it in the shape of Prometheus' `file_sd_configs`: JSON or YAML, `[{ targets:
 * ['host:port'], labels: { … } }]`.
 */
import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { yaml } from '#std/yaml.ts'

export interface Target {
  url: string
  /** Of all its series, `job` and `instance` among them. */
  labels: Readonly<Record<string, string>>
}

/** How targets are made of addresses. */
export interface TargetDefaults {
  job: string
  scheme: 'http' | 'https'
  path: string
  params: Readonly<Record<string, string>>
}

export const FILE_BYTES_MAX = 16 * 1024 * 1024

const groups = z.array(
  z.object({
    targets: z.array(z.string().min(1).max(2048)),
    labels: z.record(z.string(), z.string()).default({}),
  }),
)

/** Undefined: the address is none. */
export function targetOf(
  address: string,
  labels: Readonly<Record<string, string>>,
  defaults: TargetDefaults,
): Target | undefined {
  const scheme = labels['__scheme__'] ?? defaults.scheme
  const path = labels['__metrics_path__'] ?? defaults.path
  const text = /^https?:\/\//.test(address)
    ? address
    : `${scheme}://${address}${path.startsWith('/') ? '' : '/'}${path}`
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || !/^https?:$/.test(url.protocol)) return undefined
  for (const [name, value] of Object.entries(defaults.params)) url.searchParams.set(name, value)
  for (const [name, value] of Object.entries(labels)) {
    if (name.startsWith('__param_')) url.searchParams.set(name.slice('__param_'.length), value)
  }
  const own = Object.entries(labels).filter(([name, value]) => !name.startsWith('__') && value !== '')
  return { url: url.href, labels: { job: defaults.job, instance: instanceOf(url), ...Object.fromEntries(own) } }
}

function instanceOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
}

/** One file, read again when its time or size is another. */
export class TargetFile {
  readonly path: string
  #mark = ''
  targets: Target[] = []

  constructor(path: string) {
    this.path = path
  }

  /** Rejects when it cannot be read or understood; then what it said before stands. */
  async read(defaults: TargetDefaults): Promise<void> {
    const { mtimeMs, size } = await stat(this.path)
    const mark = `${mtimeMs} ${size}`
    if (mark === this.#mark) return
    if (size > FILE_BYTES_MAX) throw new Error(`it has more than ${FILE_BYTES_MAX} bytes`)
    const found = groups.parse(yaml().parse(await readFile(this.path, 'utf8')))
    this.targets = found.flatMap(({ targets, labels }) =>
      targets.flatMap((address) => targetOf(address, labels, defaults) ?? []),
    )
    this.#mark = mark
  }
}
