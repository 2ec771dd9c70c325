/**
 * The memory that the wire thread and one engine thread share: a lane.
 *
 *   wire ──▶ intake: segments of records, in the order in which they came ──▶ engine
 *   wire ◀── outtake: commits, one per block that the engine has done     ◀── engine
 *
 * Both directions have one writer and one reader. The wire owns the bytes of a segment from the first put until the last
 * output has taken over what came of them; the engine only reads them.
 *
 * Intake. The bytes are divided into segments of `SEGMENT_BYTES`. The wire fills one at a time; which physical segment
 * stands at which place of the sequence is in the journal, whose places count up for ever ("ordinals", modulo
 * `JOURNAL_SLOTS`). So the oldest segment that no engine has begun can be given up and used again at once, even while an
 * older one is still being worked on: no hole in the middle of a ring blocks the writer.
 *
 * Outtake. A commit is one contiguous stretch of the outtake bytes, see `outtake.ts`.
 */

/** Room for the longest line and for one read of a socket. */
export const SEGMENT_BYTES = 2 * 1024 * 1024
export const SEGMENTS_MIN = 4
/** How far the newest segment may be ahead of the oldest that is still in use. */
export const JOURNAL_SLOTS = 4096
export const OUTTAKE_BYTES = 16 * 1024 * 1024
export const OUTTAKE_COMMITS = 1024
/** Pipelines of a node; each has one bit in a segment's `SERVED` word. */
export const PIPELINES_MAX = 31

/** Words of `control`. */
export const Control = {
  /** Bumped by the wire whenever there is something new for the engine; the engine waits on it. */
  WAKE: 0,
  /** Bumped by the wire for each message that it posts. */
  MESSAGES: 1,
  /** What the engine is doing, one of `EngineState`. */
  ENGINE_STATE: 2,
  /** Bumped by the engine at each sign of life: a commit, a message taken. */
  PROGRESS: 3,
  /** Commits published by the engine, and commits released by the wire. Both only grow. */
  OUT_HEAD: 4,
  OUT_TAIL: 5,
  /** 1 while the wire waits for `OUT_HEAD` to move. */
  WIRE_WAITS: 6,
  /** First of `PIPELINES_MAX` words, one per pipeline slot: `PipelineMode`. */
  MODES: 8,
} as const

export const EngineState = { STARTING: 0, IDLE: 1, WORKING: 2, WAITING_FOR_ROOM: 3 } as const

/** `REQUIRED_ONLY`: processors that are not `required` are skipped. */
export const PipelineMode = { ALL: 0, REQUIRED_ONLY: 1 } as const

/** Words of one journal slot. */
export const Journal = {
  STATE: 0,
  SEGMENT: 1,
  /** Entries that are complete and may be read. */
  PUBLISHED: 2,
  /** 1: no further entry will come. */
  SEALED: 3,
  /** Bit p: pipeline slot p has had these records already (they went by it raw); the engine leaves them out. */
  SERVED: 4,
  /** The ordinal plus one, written last when a segment is opened: anything else means "not yet". */
  ORDINAL: 5,
  WORDS: 8,
} as const

export const SegmentState = {
  /** Not in use. */
  NONE: 0,
  /** Filled, or being filled, by the wire; no engine has begun it. */
  READY: 1,
  /** The engine is at it. */
  CLAIMED: 2,
  /** The wire has taken it back for a moment and will say READY or GONE. */
  HELD: 3,
  /** Given up or done: the engine goes past it. */
  GONE: 4,
} as const

/** Words of one intake entry. */
export const Entry = {
  /** Offset of the first byte in its segment; the length includes the newline that every entry ends with. */
  OFFSET: 0,
  LENGTH: 1,
  /** Slot of the source. */
  SOURCE: 2,
  /** Number of the decoder, plus `TRUNCATED_BIT`. */
  FRAMING: 3,
  /** Unix milliseconds of arrival, in units of 2^32 and the rest. */
  ARRIVAL_HIGH: 4,
  ARRIVAL_LOW: 5,
  WORDS: 8,
} as const

export const TRUNCATED_BIT = 1 << 8

/** Plain data: it is what an engine thread gets as `workerData`. */
export interface LaneMemory {
  segments: number
  entriesPerSegment: number
  control: SharedArrayBuffer
  journal: SharedArrayBuffer
  entries: SharedArrayBuffer
  intake: SharedArrayBuffer
  outtake: SharedArrayBuffer
  /** Pairs of words: offset and length of each commit, modulo `OUTTAKE_COMMITS`. */
  commits: SharedArrayBuffer
}

/** Untouched pages of shared memory cost nothing, so the full size is laid out at once. */
export function createLaneMemory(bytesMax: number, entriesMax: number): LaneMemory {
  const segments = Math.max(SEGMENTS_MIN, Math.floor(bytesMax / SEGMENT_BYTES))
  const entriesPerSegment = Math.max(1, Math.floor(entriesMax / segments))
  return {
    segments,
    entriesPerSegment,
    control: new SharedArrayBuffer(4 * (Control.MODES + PIPELINES_MAX)),
    journal: new SharedArrayBuffer(4 * Journal.WORDS * JOURNAL_SLOTS),
    entries: new SharedArrayBuffer(4 * Entry.WORDS * entriesPerSegment * segments),
    intake: new SharedArrayBuffer(segments * SEGMENT_BYTES),
    outtake: new SharedArrayBuffer(OUTTAKE_BYTES),
    commits: new SharedArrayBuffer(4 * 2 * OUTTAKE_COMMITS),
  }
}

/** Where an engine goes on: the next byte that no commit covers. */
export interface Position {
  /** Ordinal of the segment. */
  ordinal: number
  /** Index of the entry in its segment. */
  entry: number
  /** Bytes of the entry that are done. */
  offset: number
  /** Records that came before, modulo 2^31: the same record has the same number when it is done again. */
  sequence: number
}
