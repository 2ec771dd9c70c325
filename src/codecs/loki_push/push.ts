/**
 * Push requests of Loki, of which nothing is copied: where their streams and entries stand. For the decoder, and for
 * who cuts a request.
 *
 * A request is walked from its beginning each time; what lies before the position that is asked for is skipped by its
 * length. It need not be closed: who cuts one leaves what would close it away.
 */
import type { Bytes } from '#std/bytes.ts'

/** Of one stream at a time. */
export interface PushWalker {
  /** Begins with the request in [from, to). False: it is none. */
  begin(bytes: Bytes, from: number, to: number): boolean
  /** Goes to the next stream that does not end before `at`. False: there is none, or `broken`. */
  nextStream(at: number): boolean
  /** Goes to the next entry of this stream that does not begin before `at`. False: there is none, or `broken`. */
  nextEntry(at: number): boolean
  /** Goes to the next pair of this entry's metadata. False: there is none. */
  nextMetadata(): boolean
  /** What follows cannot be read. */
  broken: boolean
  /** Where the labels of the stream stand, as `labelsAre` says; empty when there are none. */
  labelsFrom: number
  labelsTo: number
  /** The stream as it stands in its request. For JSON the end is searched for when it is asked. */
  readonly streamFrom: number
  streamEnd(): number
  /** What stands around an entry: `entryEnd` is a position that `nextEntry` and `nextStream` take. */
  entryFrom: number
  entryEnd: number
  /** Of the entry. Not a number when it has no time that can be read. */
  seconds: number
  nanos: number
  lineFrom: number
  lineTo: number
  /** Of the pair. */
  nameFrom: number
  nameTo: number
  valueFrom: number
  valueTo: number
}

/** How labels, lines and metadata are written: as they are, or as strings of JSON, quotes included. */
export type PushText = 'plain' | 'json'
