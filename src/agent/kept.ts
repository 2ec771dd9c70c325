/** Answers what the controller asks about what the node has kept: one message for each question, and that of a bounded size. */
import type { z } from 'zod'
import type { ListedDroppedFilter, ListedDroppedRecord } from '#contract/kept.ts'
import {
  type KeptAsk,
  type KeptRefusal,
  type KeptReply,
  type KeptTopic,
  keptQuestions,
  type keptRequest,
} from '#contract/kept-messages.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import type { Logger } from '#observe/log.ts'
import { asJson } from './node-messages.ts'
import type { Letter } from './outbox.ts'

/** Asked and not answered yet; more are told to come again. */
export const KEPT_ASKED_MAX = 4
/** Of one answer; a list ends before it. */
export const KEPT_BYTES_MAX = 2 * 1024 * 1024
/** A record that is larger is listed without its content. */
export const KEPT_RECORD_BYTES_MAX = 1024 * 1024
const DROPPED_AT_ONCE = 32

export interface KeptOptions {
  /** Undefined while the node keeps nothing. */
  kept(): KeptRecords | undefined
  send(letter: Letter): void
  log: Logger
}

export class KeptAnswers {
  readonly #options: KeptOptions
  readonly #asked = new Set<string>()

  constructor(options: KeptOptions) {
    this.#options = options
  }

  /** Resolves when the answer is on its way. */
  async answer({ request, topic, ask }: z.infer<typeof keptRequest>): Promise<void> {
    if (this.#asked.has(request)) return
    const { kept: find, send, log } = this.#options
    const tell = (said: { answer?: unknown; refused?: KeptRefusal }) =>
      send({ type: 'kept', key: `kept ${request}`, data: asJson({ request, ...said }), expendable: false })
    const parsed = keptQuestions[topic].ask.safeParse(ask)
    const kept = find()
    if (kept === undefined) return tell({ refused: 'nothing_kept' })
    if (!parsed.success) return tell({ refused: 'failed' })
    if (this.#asked.size >= KEPT_ASKED_MAX) return tell({ refused: 'busy' })
    this.#asked.add(request)
    try {
      tell({ answer: await answers[topic](kept, parsed.data as never) })
    } catch (error) {
      log.warn({ topic, reason: String(error) }, 'what is kept cannot be read for the controller')
      tell({ refused: 'failed' })
    } finally {
      this.#asked.delete(request)
    }
  }
}

type Answers = {
  [Topic in KeptTopic]: (kept: KeptRecords, ask: KeptAsk<Topic>) => KeptReply<Topic> | Promise<KeptReply<Topic>>
}

const answers: Answers = {
  dead_letters_summary: (kept) => kept.deadLetterSummary(),
  dead_letters: (kept, { limit, ...filter }) => paged(kept.listDeadLetters(filter, limit + 1, false), limit),
  dead_letter: (kept, { id }) => kept.listDeadLetters({ ids: [id] }, 1, true).map(shown)[0] ?? null,
  dead_letters_count: (kept, { selection }) => ({ records: kept.countDeadLetters(selection) }),
  dead_letters_replay: (kept, { selection }) => kept.replayDeadLetters(selection),
  dead_letters_drop: (kept, { selection }) => ({ dropped: kept.dropDeadLetters(selection) }),
  dropped_summary: (kept) => kept.droppedSummary(),
  dropped: (kept, { limit, ...filter }) => paged(droppedOf(kept, filter, limit + 1), limit),
  dropped_count: (kept, { selection }) => ({ records: kept.countDropped(selection) }),
  dropped_replay: (kept, { selection }) => kept.replayDropped(selection),
}

/** Some at a time: no more are in memory than an answer holds, and a few. */
function droppedOf(kept: KeptRecords, filter: ListedDroppedFilter, limit: number): ListedDroppedRecord[] {
  const listed: ListedDroppedRecord[] = []
  let bytes = 0
  while (listed.length < limit && bytes <= KEPT_BYTES_MAX) {
    const count = Math.min(DROPPED_AT_ONCE, limit - listed.length)
    const some = kept.listDropped({ ...filter, before: listed.at(-1)?.id ?? filter.before }, count).map(shown)
    listed.push(...some)
    bytes += asJson(some).length
    if (some.length < count) break
  }
  return listed
}

/** `listed`: one more than `limit` where there is more. At least the first one is shown. */
function paged<Item>(listed: readonly Item[], limit: number): { items: Item[]; more: boolean } {
  const items: Item[] = []
  let bytes = 0
  for (const item of listed.slice(0, limit)) {
    bytes += asJson(item).length
    if (items.length > 0 && bytes > KEPT_BYTES_MAX) break
    items.push(item)
  }
  return { items, more: items.length < listed.length }
}

function shown<Item extends Content>(item: Item): Item {
  if (asJson(item).length <= KEPT_RECORD_BYTES_MAX) return item
  // JSON leaves out what is undefined.
  return { ...item, text: undefined, base64: undefined, omitted: true }
}

/** What of a listed record may be too long to be told. */
interface Content {
  text?: string | undefined
  base64?: string | undefined
  omitted?: true | undefined
}
