/** The same done to many gateways: a few at a time, and what went wrong with which. */

/** So many requests are under way at once: browsers open six connections to one host. */
const AT_ONCE = 6

export interface Failure {
  name: string
  reason: string
}

export interface Done {
  done: number
  failures: Failure[]
}

export async function forEachOf<Item extends { name: string }>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
  onProgress: (finished: number) => void = () => undefined,
): Promise<Done> {
  const result: Done = { done: 0, failures: [] }
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) {
      try {
        await work(item)
        result.done++
      } catch (error) {
        result.failures.push({ name: item.name, reason: error instanceof Error ? error.message : String(error) })
      }
      onProgress(result.done + result.failures.length)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  return result
}

/** `3 gateways, 2 of them offline`, for the question before something wide. */
export function affected(items: readonly { online: boolean }[]): string {
  const offline = items.filter(({ online }) => !online).length
  const all = counted(items.length)
  return offline === 0 ? all : `${all}, ${offline} of them offline`
}

export function counted(gateways: number): string {
  return gateways === 1 ? '1 gateway' : `${gateways} gateways`
}

export function outcome({ done, failures }: Done, what: string): string {
  if (failures.length === 0) return `${what}: ${counted(done)}`
  return `${what}: ${done} of ${counted(done + failures.length)}; ${failures.length} could not be done`
}
