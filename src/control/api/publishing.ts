/** Publishing and restoring, for all routes that do: policy, version, audit, and then telling. */
import type { FastifyRequest } from 'fastify'
import type { Receipt } from '#contract/receipt.ts'
import { notifyPublished } from '../alerts/notices.ts'
import {
  type ConfigurationRow,
  findVersion,
  liveVersion,
  lockConfiguration,
  policyOf,
  sha256,
  type VersionRow,
} from '../configurations/configurations.ts'
import { type Announcer, type Candidate, makeVersion, type Told } from '../configurations/publication.ts'
import type { ControlContext } from '../context.ts'
import { judge } from '../receipts/policy.ts'
import type { Tx } from '../store/database.ts'
import { noSuchConfiguration } from './drafts.ts'
import { Problem } from './problem.ts'
import { change } from './writing.ts'

export interface Publishing {
  version: VersionRow
  changed: boolean
  /** Undefined in a dry run. */
  told: Told | undefined
}

type Options = ControlContext & { announcer: Announcer }

/** `expect` throws when the draft is not what the caller wants to publish. */
export async function publishDraft(
  context: Options,
  request: FastifyRequest,
  name: string,
  { message, receipt }: { message: string; receipt?: string | undefined },
  expect: (row: ConfigurationRow) => void = () => undefined,
): Promise<Publishing> {
  return await publish(context, request, name, async (_tx, row) => {
    expect(row)
    return { candidate: { content: row.draft, message, receipt: null, restoredFrom: null }, receipt }
  })
}

/** Publishes what version `number` held as a new version. */
export async function restoreVersion(
  context: Options,
  request: FastifyRequest,
  name: string,
  number: number,
  { message, receipt }: { message: string; receipt?: string | undefined },
): Promise<Publishing> {
  return await publish(context, request, name, async (tx, row) => {
    const old = await findVersion(tx, row.org_id, row.name, number)
    if (old === undefined) throw new Problem(404, `"${name}" has no version ${number}`)
    return { candidate: { content: old.content, message, receipt: null, restoredFrom: number }, receipt }
  })
}

async function publish(
  context: Options,
  request: FastifyRequest,
  name: string,
  choose: (tx: Tx, row: ConfigurationRow) => Promise<{ candidate: Candidate; receipt: string | undefined }>,
): Promise<Publishing> {
  const { principal } = request
  let isKept = false
  const outcome = await change(context, request, async (tx) => {
    const row = await lockConfiguration(tx, context.dialect, principal.org, name)
    if (row === undefined) throw noSuchConfiguration(name)
    const { candidate, receipt } = await choose(tx, row)
    refuseInvalid(context, row, candidate.content)
    candidate.receipt = await receiptFor(context, tx, row, candidate, receipt)
    const result = await makeVersion(tx, row, candidate, principal.name, context.clock.wall())
    if (result.changed) await notifyPublished(tx, result.version, context.clock.wall())
    const { number, sha256: hash } = result.version
    const restored = candidate.restoredFrom === null ? {} : { restored_from: candidate.restoredFrom }
    const detail = { number, sha256: hash, message: candidate.message, ...restored }
    const action = candidate.restoredFrom === null ? 'version.publish' : 'version.restore'
    const object = `configurations/${name}/versions/${number}`
    isKept = (request.query as { dry_run?: boolean }).dry_run !== true
    return { result, audit: result.changed ? { action, object, detail } : null }
  })
  // What is live already is told again: somebody may have missed it.
  return { ...outcome, told: isKept ? await context.announcer.tell(outcome.version) : undefined }
}

function refuseInvalid({ runtime }: ControlContext, row: ConfigurationRow, content: string): void {
  if (row.kind !== 'streamgate') return
  const complaints = runtime.checkDocument(JSON.parse(content))
  const first = complaints[0]
  if (first === undefined) return
  throw new Problem(422, `the draft is not valid: ${first.pointer.slice(1)} ${first.detail}`, complaints)
}

/** JSON of the receipt that goes with the version, after the policy has had its say. Same content as before needs none. */
async function receiptFor(
  { clock }: ControlContext,
  tx: Tx,
  row: ConfigurationRow,
  candidate: Candidate,
  id: string | undefined,
): Promise<string | null> {
  const policy = policyOf(row)
  if (policy.require_message && candidate.message.trim() === '')
    throw new Problem(422, 'this configuration asks for a message', [{ pointer: '/message', detail: 'is missing' }])
  const stored =
    id === undefined
      ? undefined
      : await tx
          .selectFrom('receipts')
          .selectAll()
          .where('org_id', '=', row.org_id)
          .where('configuration', '=', row.name)
          .where('id', '=', id)
          .executeTakeFirst()
  if (id !== undefined && stored === undefined)
    throw new Problem(422, `there is no receipt "${id}"`, [{ pointer: '/receipt', detail: 'is not known' }])
  const receipt = stored === undefined ? undefined : (JSON.parse(stored.receipt) as Receipt)
  const live = (await liveVersion(tx, row))?.sha256 ?? null
  const refusals = judge(receipt, policy, { candidate: sha256(candidate.content), live, now: clock.wall() })
  if (refusals.length > 0) {
    const complaints = refusals.map(({ code, reason }) => ({ pointer: '/receipt', detail: `${reason} (${code})` }))
    throw new Problem(422, `the policy of this configuration refuses it: ${refusals[0]!.reason}`, complaints)
  }
  return stored?.receipt ?? null
}
