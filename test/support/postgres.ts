/** A real PostgreSQL on a free port, one for each test process, with a fresh database for whoever asks. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Secret } from '#std/secret.ts'
import { freePort } from './redis.ts'
import { requireService } from './services.ts'

const PATIENCE_MS = 30_000
/** It refuses to run as root; `nobody` is on every system. */
const NOBODY = 65_534
/** Debian keeps the programs of the server where no PATH leads. */
const DEBIAN = '/usr/lib/postgresql'

let server: Promise<Server> | undefined
let databases = 0

interface Server {
  port: number
  child: ChildProcess
  folder: string
}

/** Address of a new, empty database; undefined when the test was skipped because there is no PostgreSQL. */
export async function freshPostgres(t: TestContext): Promise<Secret | undefined> {
  const bin = binOf()
  if (bin === undefined) {
    requireService(t, 'postgres')
    return undefined
  }
  server ??= start(bin)
  const { port } = await server
  const name = `test_${++databases}`
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'streamgate', database: 'postgres' })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return new Secret(`postgres://streamgate@127.0.0.1:${port}/${name}`)
}

function binOf(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => join(DEBIAN, version, 'bin')).find((folder) => existsSync(join(folder, 'postgres')))
}

async function start(bin: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-postgres-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const data = join(folder, 'data')
  const initialised = spawnSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'streamgate', '--no-sync'], user)
  if (initialised.status !== 0) throw new Error(`initdb: ${initialised.stderr.toString()}`)
  const port = await freePort()
  const options = ['-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1', '-c', 'fsync=off']
  const child = spawn(join(bin, 'postgres'), options, { ...user, stdio: 'ignore' })
  // Neither the server nor what waits for its end may keep a test process alive.
  child.unref()
  process.once('exit', () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await answering(port)
  return { port, child, folder }
}

async function answering(port: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'streamgate', database: 'postgres' })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(20)
    }
  }
}
