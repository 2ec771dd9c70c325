/**
 * Reads and changes parts of a draft. Every change says which state it was made on: what somebody else has changed in the
 * meantime is not written over, but told as a `Conflict` that has both.
 */
import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiError, getTagged, send, sendTagged, type Tagged } from '#ui/api/client.ts'
import { configurationChanged, pathOf } from '#ui/api/queries.ts'
import { isSame } from '#ui/api/same.ts'

export type PartKind = 'sources' | 'pipelines' | 'outputs' | 'upstreams'
/** A list of the draft: one of its own, or the rules of a pipeline. */
export type PartList = PartKind | { pipeline: string }

export type Part = { id: string } & Record<string, unknown>

/** Somebody else has changed or deleted it. `theirs` undefined: it is no longer there. */
export class Conflict extends Error {
  readonly mine: Part
  readonly theirs: Tagged<Part> | undefined

  constructor(mine: Part, theirs: Tagged<Part> | undefined) {
    super(theirs === undefined ? 'somebody has deleted it in the meantime' : 'somebody has changed it in the meantime')
    this.name = 'Conflict'
    this.mine = mine
    this.theirs = theirs
  }
}

export function partQuery(configuration: string, list: PartList, id: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'parts', list, id],
    queryFn: ({ signal }) => getTagged<Part>(partPath(configuration, list, id), {}, signal),
    // What is edited must be what is there.
    staleTime: 0,
    gcTime: 0,
  })
}

/** What changes the parts of one list. All of them have what is shown of the configuration read anew. */
export class DraftEditing {
  readonly #client: QueryClient
  readonly #configuration: string
  readonly #list: PartList

  constructor(client: QueryClient, configuration: string, list: PartList) {
    this.#client = client
    this.#configuration = configuration
    this.#list = list
  }

  /** At the end, or at `position`. A pipeline that is not in the draft is made, so that it can have rules. */
  async add(part: Part, position?: number): Promise<Tagged<Part>> {
    const path = listPath(this.#configuration, this.#list)
    const post = () => sendTagged<Part>('POST', path, part, { query: { position } })
    return await this.#told(async () => {
      try {
        return await post()
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404 || typeof this.#list === 'string') throw error
        await this.#addPipeline(this.#list.pipeline)
        return await post()
      }
    })
  }

  /** `etag`: of the state that it was edited from. Throws a `Conflict` when that is no longer what is there. */
  async replace(part: Part, etag: string): Promise<Tagged<Part>> {
    return await this.#told(async () => {
      try {
        return await sendTagged<Part>('PUT', this.#path(part.id), part, { etag })
      } catch (error) {
        throw await this.#conflictOr(error, part)
      }
    })
  }

  /**
   * Nothing but its place changes, whatever it has become in the meantime. `isLast`, asked at the end: no further move waits,
   * so what is there can be shown.
   */
  async move(id: string, position: number, isLast = () => true): Promise<void> {
    await this.#told(async () => {
      for (let attempt = 1; ; attempt++) {
        const { body, etag } = await getTagged<Part>(this.#path(id))
        try {
          await send('PUT', this.#path(id), body, { etag, query: { position } })
          return
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 412 || attempt === MOVE_ATTEMPTS) throw error
        }
      }
    }, isLast)
  }

  /** Deletes what was shown, and says what it was; a `Conflict` when it has become something else. */
  async remove(shown: Part): Promise<void> {
    await this.#told(async () => {
      const current = await this.#current(shown.id)
      if (current === undefined) throw new Conflict(shown, undefined)
      if (!isSame(current.body, shown)) throw new Conflict(shown, current)
      try {
        await send('DELETE', this.#path(shown.id), undefined, { etag: current.etag })
      } catch (error) {
        throw await this.#conflictOr(error, shown)
      }
    })
  }

  async #addPipeline(id: string): Promise<void> {
    try {
      await send('POST', listPath(this.#configuration, 'pipelines'), { id })
    } catch (error) {
      // Somebody else was as quick.
      if (!(error instanceof ApiError) || error.status !== 409) throw error
    }
  }

  async #conflictOr(error: unknown, mine: Part): Promise<unknown> {
    if (!(error instanceof ApiError) || (error.status !== 412 && error.status !== 404)) return error
    return new Conflict(mine, await this.#current(mine.id))
  }

  async #current(id: string): Promise<Tagged<Part> | undefined> {
    try {
      return await getTagged<Part>(this.#path(id))
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined
      throw error
    }
  }

  #path(id: string): string {
    return partPath(this.#configuration, this.#list, id)
  }

  /** Also after a failure: it may tell of a change that is not shown yet. */
  async #told<Result>(work: () => Promise<Result>, isLast = () => true): Promise<Result> {
    try {
      return await work()
    } finally {
      if (isLast()) await configurationChanged(this.#client)
    }
  }
}

const MOVE_ATTEMPTS = 3

/** Whether it holds a secret whose value only the controller knows, so that it cannot be put back once deleted. */
export function holdsSecrets(part: unknown): boolean {
  return JSON.stringify(part).includes('[redacted]')
}

function listPath(configuration: string, list: PartList): string {
  const place = typeof list === 'string' ? list : `pipelines/${encodeURIComponent(list.pipeline)}/processors`
  return `${pathOf(configuration)}/${place}`
}

function partPath(configuration: string, list: PartList, id: string): string {
  return `${listPath(configuration, list)}/${encodeURIComponent(id)}`
}
