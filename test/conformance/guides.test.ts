/** Every guide's configuration works as it stands, with the environment that it names. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '#config/load.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'

enableLinearRegex()
const files = globSync(fileURLToPath(new URL('../../docs/{guides,reference}/*.md', import.meta.url)))
  .filter((file) => basename(file) !== 'README.md')
  .sort()

/** Variables whose value has a form of its own. */
const VALUES: Readonly<Record<string, () => string>> = {
  GCP_CREDENTIALS: () =>
    JSON.stringify({
      type: 'service_account',
      project_id: 'project',
      private_key_id: 'key',
      private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }),
      client_email: 'logs@project.iam.gserviceaccount.com',
      token_uri: 'https://oauth2.googleapis.com/token',
    }),
}

for (const file of files) {
  const configurations = [...readFileSync(file, 'utf8').matchAll(/```yaml\n(version: 2\n[\s\S]*?)```/g)]

  const hasCommands = /^```bash$/m.test(readFileSync(file, 'utf8'))

  test(`docs/…/${basename(file)}: its configuration is valid, without a warning`, (t) => {
    assert.ok(configurations.length > 0 || hasCommands)
    const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-guide-'))
    t.after(() => rmSync(folder, { recursive: true }))
    for (const [, text] of configurations) {
      const names = [...text!.matchAll(/\$\{env:(\w+)/g)].map((match) => match[1]!)
      const environment = Object.fromEntries(
        names.map((name) => [name, VALUES[name]?.() ?? 'value-of-the-environment']),
      )
      for (const [, name] of text!.matchAll(/\$\{secret:(\w+)/g))
        writeFileSync(join(folder, name!), 'value-of-the-secret')
      environment['SECRETS_DIR'] = folder
      const path = join(folder, 'guide.yaml')
      // What is in files of the machine is in a file here.
      writeFileSync(join(folder, 'file'), 'value-of-the-file')
      writeFileSync(path, text!.replace(/\$\{file:[^}]+\}/g, `\${file:${join(folder, 'file')}}`))
      const { plan, warnings } = loadConfig({ config: path }, environment, registry)
      assert.deepEqual(warnings, [])
      assert.ok(plan.pipelines.length > 0)
    }
  })
}
