/** Links within the documents lead somewhere: to a file that is there, and in it to a heading. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const files = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md', 'test/**/*.md', 'examples/**/*.md', 'bench/**/*.md'], {
  cwd: ROOT,
})

test('links lead somewhere', () => {
  const dead: string[] = []
  for (const file of files) {
    const text = withoutCode(readFileSync(join(ROOT, file), 'utf8'))
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const [path = '', anchor] = target!.split('#')
      const whole = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path)
      if (!existsSync(whole)) dead.push(`${file}: ${target}`)
      else if (anchor !== undefined && !anchorsOf(whole).has(anchor))
        dead.push(`${file}: ${target} (${relative(ROOT, whole)} has no such heading)`)
    }
  }
  assert.ok(files.length > 50)
  assert.deepEqual(dead, [])
})

/** As GitHub makes them. */
function anchorsOf(file: string): Set<string> {
  const headings = withoutCode(readFileSync(file, 'utf8')).matchAll(/^#+ (.*)$/gm)
  return new Set(
    [...headings].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  )
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}
