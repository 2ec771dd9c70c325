/** Bytes of a message that is being written; grows as needed. */
import { allocate, type Bytes, copyBytes, utf8Length, writeUtf8 } from '#std/bytes.ts'
import { closeLength, LENGTH_BYTES_MAX, VARINT_BYTES_MAX, writeVarint, writeVarint64 } from '../protobuf/wire.ts'

const FIRST_BYTES = 512

export class Output {
  #bytes: Bytes = allocate(FIRST_BYTES)
  #at = 0

  /** What was written, copied to its own memory. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#at))
  }

  small(value: number): void {
    this.#reserve(VARINT_BYTES_MAX)
    this.#at = writeVarint(this.#bytes, value, this.#at)
  }

  varint64(value: bigint): void {
    this.#reserve(VARINT_BYTES_MAX)
    this.#at = writeVarint64(this.#bytes, value, this.#at)
  }

  fixed64(value: bigint): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** With its length in front. */
  bytes(value: Uint8Array): void {
    this.small(value.length)
    this.#reserve(value.length)
    copyBytes(value, 0, value.length, this.#bytes, this.#at)
    this.#at += value.length
  }

  /** With its length in front. */
  text(value: string): void {
    const length = utf8Length(value)
    this.small(length)
    this.#reserve(length)
    this.#at += writeUtf8(this.#bytes, value, this.#at)
  }

  /** A message follows; `close` gets what this returns. */
  open(): number {
    this.#reserve(1)
    return ++this.#at
  }

  close(from: number): void {
    this.#reserve(LENGTH_BYTES_MAX)
    this.#at = closeLength(this.#bytes, from, this.#at)
  }

  #reserve(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const larger = allocate(Math.max(needed, this.#bytes.length * 2))
    copyBytes(this.#bytes, 0, this.#at, larger, 0)
    this.#bytes = larger
  }
}
