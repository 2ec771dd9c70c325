/**
 * What a controller asks a node about what it has kept, and what that answers: custom messages of the type `kept`. Each question
 * has one answer, or a refusal.
 */
import { z } from 'zod'
import {
  boundedSelection,
  deadLetter,
  deadLetterSummary,
  droppedId,
  droppedLetters,
  droppedRecord,
  droppedSelection,
  droppedSummary,
  LISTED_MAX,
  replayed,
} from './kept.ts'

const limit = z.int().min(1).max(LISTED_MAX)
const name = z.string().max(256).optional()
const count = z.object({ records: z.number() })

/** By what is asked: what goes with it, and the answer. Lists tell in `more` whether there is more of it. */
export const keptQuestions = {
  dead_letters_summary: { ask: z.object({}), answer: deadLetterSummary },
  /** Oldest first, without their contents. */
  dead_letters: {
    ask: z.object({ output: name, code: name, after: z.int().optional(), limit }),
    answer: z.object({ items: z.array(deadLetter), more: z.boolean() }),
  },
  /** Null: there is none of that id. */
  dead_letter: { ask: z.object({ id: z.int() }), answer: deadLetter.nullable() },
  dead_letters_count: { ask: z.object({ selection: boundedSelection }), answer: count },
  dead_letters_replay: { ask: z.object({ selection: boundedSelection }), answer: replayed },
  dead_letters_drop: { ask: z.object({ selection: boundedSelection }), answer: droppedLetters },
  dropped_summary: { ask: z.object({}), answer: droppedSummary },
  /** Newest first. `before`: the last one of the page before. */
  dropped: {
    ask: z.object({ pipeline: name, rule: name, before: droppedId.optional(), limit }),
    answer: z.object({ items: z.array(droppedRecord), more: z.boolean() }),
  },
  dropped_count: { ask: z.object({ selection: droppedSelection }), answer: count },
  dropped_replay: { ask: z.object({ selection: droppedSelection }), answer: replayed },
} as const

type Questions = typeof keptQuestions
export type KeptTopic = keyof Questions
export type KeptAsk<Topic extends KeptTopic> = z.infer<Questions[Topic]['ask']>
export type KeptReply<Topic extends KeptTopic> = z.infer<Questions[Topic]['answer']>

const topics = Object.keys(keptQuestions) as [KeptTopic, ...KeptTopic[]]

/** `nothing_kept`: there is no place for it. `busy`: it answers others. `failed`: what is kept cannot be read now. */
export const keptRefusals = ['nothing_kept', 'busy', 'failed'] as const
export type KeptRefusal = (typeof keptRefusals)[number]

/** To a node. `ask` is checked by its topic. */
export const keptRequest = z.object({ request: z.string().max(64), topic: z.enum(topics), ask: z.unknown() })
/** From a node. `answer` is checked by the topic that was asked about. */
export const keptAnswer = z.object({
  request: z.string().max(64),
  answer: z.unknown().optional(),
  refused: z.enum(keptRefusals).optional(),
})
