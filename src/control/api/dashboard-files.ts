/** The built folder of the dashboard. Nothing of it is held in memory but the names: files are read when they are asked for. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

export type Encoding = 'br' | 'gzip'

export interface DashboardFile {
  body: Buffer
  type: string
  etag: string
  /** Undefined: as it is. */
  encoding: Encoding | undefined
}

/** More would be no dashboard. */
const FILES_MAX = 5_000
const PAGE = 'index.html'
const ENDINGS = { br: '.br', gzip: '.gz' } as const

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

export class DashboardFolder {
  readonly path: string
  #names: ReadonlySet<string> = new Set()
  /** Of the page when the names were read: another one belongs to other names. */
  #version = ''

  constructor(path: string) {
    this.path = path
  }

  /** Undefined: there is no such file, or it is none that is handed out. In the first of the encodings that it is there in. */
  async find(name: string, encodings: readonly Encoding[]): Promise<DashboardFile | undefined> {
    await this.#refresh()
    const type = TYPES[extname(name)]
    // Only names that were found in the folder are ever opened, so no name leads out of it.
    if (type === undefined || !this.#names.has(name)) return undefined
    const encoding = encodings.find((encoding) => this.#names.has(name + ENDINGS[encoding]))
    const body = await this.#read(encoding === undefined ? name : name + ENDINGS[encoding])
    return body === undefined ? undefined : { body, type, etag: `"${hashOf(body)}"`, encoding }
  }

  /** The page that stands for all addresses, and a weak tag of it, since each answer gets a nonce of its own. */
  async page(): Promise<{ html: string; etag: string } | undefined> {
    await this.#refresh()
    const body = this.#names.has(PAGE) ? await this.#read(PAGE) : undefined
    return body === undefined ? undefined : { html: body.toString('utf8'), etag: `W/"${hashOf(body)}"` }
  }

  /** Reads the names again when the folder has been built anew. */
  async #refresh(): Promise<void> {
    const page = await stat(join(this.path, PAGE)).catch(() => undefined)
    const version = page === undefined ? '' : `${page.ino} ${page.mtimeMs}`
    if (version === this.#version) return
    this.#names = page === undefined ? new Set() : await namesIn(this.path)
    this.#version = version
  }

  async #read(name: string): Promise<Buffer | undefined> {
    return await readFile(join(this.path, name)).catch(() => undefined)
  }
}

/** Of plain files alone: links and what begins with a dot, or lies in such a folder, are left out. */
async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const names = entries.flatMap((entry) => {
    const name = relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/')
    return entry.isFile() && !`/${name}`.includes('/.') ? [name] : []
  })
  return new Set(names.slice(0, FILES_MAX))
}

function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22)
}
