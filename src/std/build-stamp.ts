/** What a folder was built from, noted in the folder: whether it is still that can be told without building. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const STAMP = '.built-from.json'

/** Sizes and times by path, from the root. Of a folder among them the names in it count. */
type Stamp = Record<string, string>

/** Notes what went into a folder. Paths are from the root. */
export async function stampBuild(folder: string, root: string, paths: Iterable<string>): Promise<void> {
  const entries = [...new Set(paths)].sort().map(async (path) => [path, await markOf(root, path)] as const)
  const stamp: Stamp = Object.fromEntries(await Promise.all(entries))
  await writeFile(join(folder, STAMP), JSON.stringify(stamp))
}

/** Whether the folder is there, and all that went into it is as it was. */
export async function isFresh(folder: string, root: string): Promise<boolean> {
  const text = await readFile(join(folder, STAMP), 'utf8').catch(() => undefined)
  if (text === undefined) return false
  let stamp: Stamp
  try {
    stamp = JSON.parse(text)
  } catch {
    return false
  }
  const same = await Promise.all(Object.entries(stamp).map(async ([path, mark]) => mark === (await markOf(root, path))))
  return same.length > 0 && same.every((isSame) => isSame)
}

/** Times rather than hashes, as `make` does: this runs at each start. Any other time counts, an earlier one too. */
async function markOf(root: string, path: string): Promise<string> {
  const found = await stat(join(root, path)).catch(() => undefined)
  return found === undefined ? 'missing' : `${found.isFile() ? found.size : 0} ${found.mtimeMs}`
}
