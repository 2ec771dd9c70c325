/**
 * `node scripts/image.ts [FOLDER]`: does what the Dockerfile says in a clean folder, with the local shell and Node, and starts what
 * comes out in all three roles. Where there is no Docker, this shows that the steps work and that the result holds all it needs; it
 * does not show that the base image does.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Instruction, ignoredBy, parseDockerfile, type Stage } from './dockerfile.ts'
import { type Image, localPath, runIn, tryRole, USER_ID } from './image-run.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface ImageOptions {
  /** Empty, or not there yet. Each stage gets a folder in it. */
  folder: string
  /** A node_modules to take instead of installing packages, for where there is no network. */
  packages?: string
}

/** Throws with what a step printed when it fails. */
export function makeImage({ folder, packages }: ImageOptions): Image {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`)
  mkdirSync(folder, { recursive: true })
  // Another user has to get in.
  chmodSync(folder, 0o755)
  const isIgnored = ignoredBy(readFileSync(join(root, '.dockerignore'), 'utf8'))
  const stages = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
  let image: Image | undefined
  for (const stage of stages) image = new StageRun(folder, stage, isIgnored, packages).run()
  if (image === undefined) throw new Error('the Dockerfile has no stage')
  return image
}

class StageRun {
  readonly #folder: string
  readonly #stage: Stage
  readonly #isIgnored: (path: string) => boolean
  readonly #packages: string | undefined
  readonly #image: Image

  constructor(folder: string, stage: Stage, isIgnored: (path: string) => boolean, packages: string | undefined) {
    this.#folder = folder
    this.#stage = stage
    this.#isIgnored = isIgnored
    this.#packages = packages
    this.#image = {
      root: join(folder, stage.name),
      workdir: '/',
      env: {},
      entrypoint: [],
      healthcheck: [],
      user: 'root',
    }
    mkdirSync(this.#image.root, { recursive: true })
  }

  run(): Image {
    for (const instruction of this.#stage.instructions) this.#step(instruction)
    return this.#image
  }

  #step(instruction: Instruction): void {
    const { name, words, text } = instruction
    const image = this.#image
    if (name === 'WORKDIR') {
      image.workdir = join(image.workdir, text)
      mkdirSync(this.#place('.'), { recursive: true })
    } else if (name === 'ENV') {
      for (const word of words) image.env[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1)
    } else if (name === 'COPY') this.#copy(instruction)
    else if (name === 'RUN') this.#shell(instruction)
    else if (name === 'USER') image.user = text
    else if (name === 'ENTRYPOINT') image.entrypoint = words
    else if (name === 'HEALTHCHECK') image.healthcheck = words
  }

  #place(path: string): string {
    return join(this.#image.root, isAbsolute(path) ? path : join(this.#image.workdir, path))
  }

  #copy({ flags, words }: Instruction): void {
    const sources = words.slice(0, -1)
    const to = words.at(-1)!
    for (const source of sources) {
      const from = flags['from'] === undefined ? join(root, source) : join(this.#folder, flags['from'], source)
      const isFolder = statSync(from).isDirectory()
      const target = this.#place(isFolder || !to.endsWith('/') ? to : join(to, basename(source)))
      mkdirSync(dirname(target), { recursive: true })
      const isWanted = (path: string) => {
        const below = relative(root, path)
        return flags['from'] !== undefined || statSync(path).isDirectory() || !this.#isIgnored(below)
      }
      if (!isFolder && !isWanted(from)) throw new Error(`COPY ${source}: .dockerignore leaves it out`)
      cpSync(from, target, { recursive: true, verbatimSymlinks: true, filter: isWanted })
      if (flags['chown'] !== undefined && process.getuid?.() === 0) chownSync(target, USER_ID, USER_ID)
    }
  }

  /** Here absolute paths would be the machine's own, so there are none. */
  #shell({ text, line }: Instruction): void {
    if (/(^|[\s"'=:])\//.test(text)) throw new Error(`Dockerfile:${line}: RUN has an absolute path: ${text}`)
    if (this.#packages !== undefined && /\bnode_modules\b|npm ci/.test(text)) {
      const target = this.#place('node_modules')
      if (!existsSync(target)) symlinkSync(resolve(this.#packages), target)
      return
    }
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', text], {
      cwd: this.#place('.'),
      // How packages are fetched from here (proxies, certificates) is this machine's affair.
      env: { ...process.env, PATH: localPath() },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`RUN ${text}: ${status}\n${stdout}${stderr}`)
  }
}

/** What must not be in there, and what must load. */
async function inspect(image: Image): Promise<void> {
  const files = globSync('**/*', { cwd: image.root })
  const strangers = files.filter((file) =>
    /^app\/dist\/.*\.(test|bench|fuzz)\.js$|node_modules\/(typescript|@biomejs|node-linux-)/.test(file),
  )
  if (strangers.length > 0) throw new Error(`has what does not belong there: ${strangers.slice(0, 5).join(', ')}`)
  const natives = ['snappy', '@node-rs/argon2', 'pg', 'ws']
  const load = natives.map((name) => `await import('${name}')`).join('; ')
  const loaded = await runIn(image, ['node', '--input-type=module', '-e', load])
  if (loaded.status !== 0) throw new Error(loaded.stderr)
  const bytes = files.reduce(
    (sum, file) => sum + (statSync(join(image.root, file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  console.log(`${files.length} files, ${Math.round(bytes / 1024 / 1024)} MiB on top of the base image`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv[2]
  const folder = asked === undefined ? mkdtempSync(join(tmpdir(), 'streamgate-image-')) : resolve(asked)
  const image = makeImage({ folder })
  console.log(`every step of the Dockerfile done in ${folder}`)
  await inspect(image)
  const { stdout } = await runIn(image, [...image.entrypoint, '--version'])
  console.log(`version ${stdout.trim()}`)
  for (const role of ['up', 'node', 'controller'] as const) {
    await tryRole(image, role)
    console.log(`${role}: starts as the user "${image.user}", passes its HEALTHCHECK, ends on SIGTERM`)
  }
  if (asked === undefined) rmSync(folder, { recursive: true })
}
