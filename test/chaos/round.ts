/**
 * One round: the program, two vendors and some producers; faults as the schedule says; then everything is healed and the
 * oracle looks at what is stored, and at the books.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Amount, NodeStats } from '#contract/stats.ts'
import { randomFrom } from '#std/random.ts'
import { Obligations } from './obligations.ts'
import { Producer } from './producers.ts'
import { type Action, mayDuplicate, type Schedule, type VendorName, vendorNames } from './schedule.ts'
import { Subject } from './subject.ts'
import { ChaosVendor } from './vendor.ts'

const HEAL_MS_MAX = 30_000
const POLL_MS = 10
const CAPS_MS = [40, 60] as const

export interface Result {
  problems: string[]
  sent: number
  acknowledged: number
  sentAgain: number
  lives: number
  duplicates: Record<VendorName, number>
  seconds: number
  /** What the lives of the program have written, for a round that failed. */
  logs: string[]
  /** Faults that this system has no means for. */
  leftOut: string[]
}

export async function runRound(schedule: Schedule): Promise<Result> {
  await using round = new Round(schedule)
  return await round.run()
}

class Round implements AsyncDisposable {
  readonly #schedule: Schedule
  readonly #obligations = new Obligations('sevens')
  readonly #subject: Subject
  readonly #vendors: Record<VendorName, ChaosVendor>
  readonly #producers: Producer[]
  readonly #problems: string[] = []
  readonly #leftOut: string[] = []
  #rules: 'sevens' | 'sevens_and_threes' = 'sevens'
  #cap = 0

  constructor(schedule: Schedule) {
    const { seed, producers, textCharactersMax } = schedule
    this.#schedule = schedule
    this.#subject = new Subject(schedule.diskBytes)
    this.#vendors = { a: new ChaosVendor(randomFrom(seed + 1)), b: new ChaosVendor(randomFrom(seed + 2)) }
    this.#producers = Array.from(
      { length: producers },
      (_, i) => new Producer(`p${i}`, this.#subject, this.#obligations, randomFrom(seed * 100 + i), textCharactersMax),
    )
  }

  async run(): Promise<Result> {
    const begun = performance.now()
    let running: Promise<unknown> | undefined
    try {
      for (const name of vendorNames) await this.#vendors[name].behave('healthy')
      const { dead } = this.#schedule
      this.#subject.configure(this.#setting())
      if (dead !== null) await this.#vendors[dead].behave('refuse')
      await this.#subject.start()
      running = Promise.all(this.#producers.map((producer) => producer.run()))
      for (const { afterMs, action } of this.#schedule.steps) {
        await sleep(afterMs)
        await this.#act(action)
        if (this.#subject.crashed) throw new Error(`the program ended by itself after ${JSON.stringify(action)}`)
      }
      await this.#heal(running)
      await this.#judge()
    } catch (error) {
      this.#problems.push(String((error as Error).message ?? error))
    }
    for (const producer of this.#producers) producer.giveUp()
    await this.#subject.end('SIGKILL')
    await running
    return this.#result((performance.now() - begun) / 1000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subject[Symbol.asyncDispose]()
    for (const name of vendorNames) await this.#vendors[name][Symbol.asyncDispose]()
  }

  async #act(action: Action): Promise<void> {
    const subject = this.#subject
    switch (action.kind) {
      case 'kill':
        await subject.end('SIGKILL')
        return await subject.start()
      case 'restart':
        // With vendors that do not answer it may leave records on disk, and says so: 1.
        await subject.end('SIGTERM')
        return await subject.start()
      case 'pause':
        return await subject.pause(action.ms)
      case 'reload':
        if (action.outputs) this.#cap++
        this.#rules = action.rules
        this.#obligations.rulesChanging(action.rules)
        await subject.reload(this.#setting())
        return this.#obligations.rulesChanged(action.rules)
      case 'disk_full':
        if (!subject.boundFiles(action.fileBytes)) this.#leftOut.push(action.kind)
        await sleep(action.ms)
        return void subject.boundFiles(undefined)
      case 'vendor':
        return await this.#vendors[action.vendor].behave(action.mode, action.share)
      default:
        action satisfies never
    }
  }

  async #heal(running: Promise<unknown>): Promise<void> {
    const { dead } = this.#schedule
    for (const name of vendorNames) if (name !== dead) await this.#vendors[name].behave('healthy')
    if (dead !== null) {
      // A dead neighbour delays nobody: the other one gets all that was taken over.
      const other = vendorNames.find((name) => name !== dead)!
      for (const producer of this.#producers) producer.end()
      await this.#until(
        async () => this.#inFlight(await this.#subject.stats(), other) === 0,
        `${other} beside dead ${dead}`,
      )
      await this.#vendors[dead].behave('healthy')
    }
    for (const producer of this.#producers) producer.end()
    let allTaken = false
    void running.then(() => (allTaken = true))
    await this.#until(() => allTaken, 'the producers to get 202 for everything')
    const fresh = new Producer('fresh', this.#subject, this.#obligations, randomFrom(this.#schedule.seed), 100)
    this.#producers.push(fresh)
    const freshRunning = fresh.run()
    await this.#until(() => this.#obligations.sent > 0 && this.#freshArrived(), 'fresh records to flow')
    fresh.end()
    await freshRunning
    await this.#until(async () => {
      const stats = await this.#subject.stats()
      const taken = stats.pipelines.every(({ in_flight }) => in_flight.records === 0)
      return taken && vendorNames.every((name) => this.#inFlight(stats, name) === 0)
    }, 'both outputs to have nothing in flight')
  }

  #freshArrived(): boolean {
    return vendorNames.every((name) => {
      for (const line of this.#vendors[name].stored.keys()) if (line.startsWith('{"id":"fresh-')) return true
      return false
    })
  }

  async #judge(): Promise<void> {
    const stats = await this.#subject.stats()
    this.#problems.push(...booksProblems(stats, mayExpire(this.#schedule)))
    const excused = mayDuplicate(this.#schedule) || this.#obligations.sentAgain > 0
    for (const name of vendorNames) {
      const vendor = this.#vendors[name]
      const { problems, duplicates } = this.#obligations.judge(name, vendor.stored)
      this.#problems.push(...problems)
      if (excused || vendor.unheard > 0) continue
      if (duplicates > 0) this.#problems.push(`vendor ${name} has ${duplicates} duplicates, and nothing excuses them`)
      const { delivered } = stats.outputs.find(({ id }) => id === name)!
      if (delivered.records !== vendor.storedLines)
        this.#problems.push(`output ${name} says ${delivered.records} delivered; the vendor has ${vendor.storedLines}`)
    }
    const taken = stats.pipelines[0]!.in.records
    if (this.#subject.lives === 1 && this.#obligations.sentAgain === 0 && taken !== this.#obligations.sent)
      this.#problems.push(`the pipeline says ${taken} records came in, and ${this.#obligations.sent} were sent`)
    const code = await this.#subject.end('SIGTERM')
    if (code !== 0) this.#problems.push(`with nothing in flight the program ended with ${code}`)
    const left = this.#subject.segments()
    if (left.length > 0) this.#problems.push(`with nothing in flight it left on disk: ${left.join(', ')}`)
  }

  #inFlight(stats: NodeStats, name: VendorName): number {
    const output = stats.outputs.find(({ id }) => id === name)!
    return output.in_flight.records + output.in_flight.bytes
  }

  async #until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + HEAL_MS_MAX
    while (!(await condition())) {
      if (this.#subject.crashed) throw new Error(`the program ended by itself while it was to heal`)
      if (Date.now() > deadline) {
        const stats = await this.#subject.stats().catch((error) => String(error))
        throw new Error(`waited in vain for ${what}: ${JSON.stringify(stats)}`)
      }
      await sleep(POLL_MS)
    }
  }

  #setting() {
    const { a, b } = this.#vendors
    return {
      schedule: this.#schedule,
      urls: { a: a.url, b: b.url },
      rules: this.#rules,
      capMs: CAPS_MS[this.#cap % CAPS_MS.length]!,
    }
  }

  #result(seconds: number): Result {
    const { sent, acknowledged, sentAgain } = this.#obligations
    const duplicates = (name: VendorName) => this.#obligations.judge(name, this.#vendors[name].stored).duplicates
    const bugs = this.#subject.logs.filter((log) => log.includes('this is a bug'))
    return {
      problems: [...this.#problems, ...bugs.map(() => 'the program says "this is a bug"')],
      sent,
      acknowledged,
      sentAgain,
      lives: this.#subject.lives,
      duplicates: { a: duplicates('a'), b: duplicates('b') },
      seconds,
      logs: this.#subject.logs,
      leftOut: this.#leftOut,
    }
  }
}

const MUST_BE_ZERO = ['rejected', 'expired', 'overwritten', 'lost'] as const

/** An output that is replaced while the disk is full gives up what it could not write, of which nothing was acknowledged. */
function mayExpire({ diskBytes, steps }: Schedule): boolean {
  const isFull = diskBytes !== undefined || steps.some(({ action }) => action.kind === 'disk_full')
  return isFull && steps.some(({ action }) => action.kind === 'reload' && action.outputs)
}

/** What is wrong with the books when nothing is in flight. */
function booksProblems({ pipelines, outputs }: NodeStats, mayExpire: boolean): string[] {
  const problems: string[] = []
  const expect = (what: string, holds: boolean, books: object) => {
    if (!holds) problems.push(`${what}: ${JSON.stringify(books)}`)
  }
  for (const books of outputs) {
    for (const name of MUST_BE_ZERO) {
      if (name === 'expired' && mayExpire) continue
      expect(`output ${books.id} has ${name}`, isZero(books[name]), books)
    }
    for (const unit of ['records', 'bytes'] as const) {
      const came = books.forwarded[unit] + books.replayed[unit]
      const ended = [...MUST_BE_ZERO, 'delivered', 'kept', 'in_flight'] as const
      const sum = ended.reduce((sum, name) => sum + books[name][unit], 0)
      expect(`the ${unit} of output ${books.id} do not add up`, came === sum && books.delivered[unit] >= 0, books)
    }
    expect(`the queue of output ${books.id} is not empty`, books.queue.bytes === 0, books)
  }
  for (const books of pipelines) {
    const ended = ['sampled', 'deduplicated', 'aggregated', 'quarantined', 'overwritten', 'bypassed'] as const
    for (const name of ended) expect(`pipeline ${books.id} has ${name}`, isZero(books[name]), books)
    // Bodies that were refused at the door count as one record each, and were not answered with 2xx.
    const records = books.rejected.records + books.dropped.records + books.forwarded.records + books.in_flight.records
    expect(`the records of pipeline ${books.id} do not add up`, books.in.records === records, books)
    const bytes = books.rejected.bytes + books.dropped.bytes + books.forwarded.bytes + books.in_flight.bytes
    expect(`the bytes of pipeline ${books.id} do not add up`, books.in.bytes + books.edited.bytes === bytes, books)
  }
  return problems
}

function isZero({ records, bytes }: Amount): boolean {
  return records === 0 && bytes === 0
}
