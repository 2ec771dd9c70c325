/**
 * docker-compose.yml, as far as it can be checked without Docker: its shape, by the parts of the Compose Specification that it uses
 * (https://github.com/compose-spec/compose-spec, schema/compose-spec.json), and that it names what is there.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { commands } from '#cli/commands.ts'
import { loadConfig } from '#config/load.ts'
import { readFile } from '#config/read.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { parseDockerfile } from './dockerfile.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const name = z.string().regex(/^[a-zA-Z0-9._-]+$/)
const duration = z.string().regex(/^\d+(ms|s|m|h)$/)
/** [ADDRESS:]PORT:PORT[/udp] */
const port = z.string().regex(/^(\d+\.\d+\.\d+\.\d+:)?\d{1,5}:\d{1,5}(\/(tcp|udp))?$/)

const service = z.strictObject({
  image: z.string().optional(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).optional(),
  ports: z.array(port).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]*(:ro)?$/)).optional(),
  depends_on: z
    .record(
      name,
      z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) }),
    )
    .optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])]).rest(z.string()),
      interval: duration.optional(),
      timeout: duration.optional(),
      start_period: duration.optional(),
      retries: z.int().optional(),
    })
    .optional(),
  stop_grace_period: duration.optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']).optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
})

const compose = z.strictObject({
  services: z.record(name, service),
  volumes: z.record(name, z.null()).optional(),
})

const { services, volumes } = compose.parse(readFile(join(root, 'docker-compose.yml')).value)
const own = Object.entries(services).filter(([, { build }]) => build !== undefined)

/** Where Compose mounts the configuration. */
const CONFIG = { here: './deploy/compose/streamgate.yaml', there: '/etc/streamgate/streamgate.yaml' }

test('services and volumes refer to what is there', () => {
  for (const [id, { depends_on: needs = {}, volumes: mounts = [], image, build }] of Object.entries(services)) {
    assert.ok(image !== undefined, id)
    if (build !== undefined) assert.ok(existsSync(join(root, build, 'Dockerfile')))
    for (const [other, { condition }] of Object.entries(needs)) {
      assert.ok(other in services, `${id} needs ${other}`)
      // Those of our image have the image's own.
      const isChecked = services[other]?.healthcheck !== undefined || services[other]?.build !== undefined
      if (condition === 'service_healthy') assert.ok(isChecked, `nothing checks the health of ${other}`)
    }
    for (const mount of mounts) {
      const [from] = mount.split(':')
      assert.ok(from!.startsWith('./') ? existsSync(join(root, from!)) : from! in (volumes ?? {}), mount)
    }
  }
  const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.map((mount) => mount.split(':')[0]!))
  for (const volume of Object.keys(volumes ?? {})) assert.ok(mounted.includes(volume), `nobody uses ${volume}`)
})

test('roles and flags exist, and the configuration is where the flag says', async () => {
  assert.deepEqual(own.map(([id]) => id).sort(), ['controller', 'node'])
  for (const [id, { command = [], volumes = [] }] of own) {
    const [role, ...flags] = command
    assert.equal(role, id)
    const { options } = await commands[role!]!()
    for (const flag of flags.filter((flag) => flag.startsWith('--'))) assert.ok(flag.slice(2) in options, flag)
    assert.equal(flags[flags.indexOf('--config') + 1], CONFIG.there)
    assert.ok(volumes.includes(`${CONFIG.here}:${CONFIG.there}:ro`))
    assert.ok(volumes.some((mount) => mount.endsWith(':/data')))
  }
})

test('variables are such as the program reads', () => {
  const sources = globSync('src/{cli,config,control,agent}/**/*.ts', { cwd: root })
  const text = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('')
  const used = own.flatMap(([, { environment = {} }]) => Object.keys(environment))
  for (const variable of used) assert.ok(text.includes(variable), `nothing reads ${variable}`)
})

test("the seeds' ports are published, and the API to this machine only", () => {
  assert.deepEqual(services['node']?.ports?.toSorted(), ['8080:8080', '8081:8081', '8082:8082/udp'])
  assert.deepEqual(services['controller']?.ports, ['127.0.0.1:8000:8000'])
  const exposed = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
    .at(-1)!
    .instructions.find((instruction) => instruction.name === 'EXPOSE')!.words
  for (const published of own.flatMap(([, { ports = [] }]) => ports)) {
    const [, inside, protocol = 'tcp'] = /:(\d+)(?:\/(\w+))?$/.exec(published)!
    assert.ok(exposed.includes(`${inside}/${protocol}`), published)
  }
})

test('the configuration is valid, and listens where Compose publishes and nodes look for it', () => {
  enableLinearRegex()
  const config = join(root, CONFIG.here)
  for (const [id, { environment = {} }] of own) {
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, withDefaults(value)]))
    const { plan, settings, warnings } = loadConfig({ config }, env, registry)
    assert.deepEqual(warnings, [], id)
    assert.deepEqual(settings.redis, { host: 'redis', port: 6379 })
    assert.deepEqual(
      plan.sources.map(({ type, options }) => [type, options['listen']]),
      [
        ['tcp', '0.0.0.0:8081'],
        ['udp', '0.0.0.0:8082'],
        ['http', '0.0.0.0:8080'],
      ],
    )
    const { control, opamp, controller } = settings
    assert.deepEqual([control.host, control.port, control.auth], ['0.0.0.0', 8000, 'open'])
    assert.deepEqual([opamp.host, opamp.port, opamp.auth], ['0.0.0.0', 4320, 'open'])
    if (id === 'node') assert.equal(controller?.endpoint, `ws://controller:${opamp.port}/v1/opamp`)
  }
})

test('the controller finds the database that is made for it', () => {
  const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: name } = services['postgres']!.environment!
  const url = services['controller']!.environment!['DATABASE_URL']
  assert.equal(withDefaults(url), withDefaults(`postgres://${user}:${password}@postgres:5432/${name}`))
})

test('there is more time to stop than a stop takes', () => {
  const { settings } = loadConfig({}, {}, registry)
  for (const [id, { stop_grace_period: grace = '10s' }] of own)
    assert.ok(Number.parseInt(grace, 10) * 1000 >= settings.shutdownTimeoutMs + 2000, id)
})

/** As Compose fills in variables that nobody has set. */
function withDefaults(value: string | number | null | undefined): string {
  return String(value ?? '').replace(/\$\{\w+:-([^}]*)\}/g, '$1')
}
