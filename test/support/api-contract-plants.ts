/** What comes into a store from gateways and from time, and not through the API. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentCapability } from '#codecs/opamp/constants.ts'
import type { Fleet } from '#control/fleet/fleet.ts'
import type { Database } from '#control/store/database.ts'
import { uuidv7 } from '#std/uuid.ts'
import { FakeAgent, USUAL_CAPABILITIES } from './fake-agent.ts'

const GATEWAYS = 3
const NOW = Date.UTC(2026, 0, 1)

/** Gateways that were there and have gone. The node in the process is of the default organisation; others get a copy. */
export async function plantGateway(fleet: Fleet, { db }: Database, org: string): Promise<void> {
  if (org !== 'default') {
    const rows = await db.selectFrom('gateways').selectAll().where('org_id', '=', 'default').execute()
    for (const row of rows)
      await db
        .insertInto('gateways')
        .values({ ...row, org_id: org, uid: uuidv7(NOW) })
        .execute()
    return
  }
  for (let i = 0; i < GATEWAYS; i++) {
    const capabilities = USUAL_CAPABILITIES | AgentCapability.acceptsRestartCommand
    const agent = new FakeAgent({ uid: uuidv7(NOW), capabilities })
    const connection = fleet.connect({ send: (message) => agent.receive(message), closed: () => undefined })
    while (agent.isEager) {
      connection.send(agent.next())
      await sleep(5)
    }
    connection.close()
  }
  await fleet.flush()
}

/** Events of an alert rule, and a delivery that has come to its end. */
export async function plantEvents({ db }: Database, org_id: string, mark: string): Promise<void> {
  for (let i = 1; i <= GATEWAYS; i++)
    await db
      .insertInto('alert_events')
      .values({
        org_id,
        id: uuidv7(NOW + i),
        rule: `${mark}-alert-1`,
        rule_name: mark,
        kind: 'volume',
        severity: 'warning',
        cause: 'condition',
        value: 7,
        subjects: '[]',
        started_at: NOW + i,
        resolved_at: i === 1 ? NOW + 60_000 : null,
        resolved_by: i === 1 ? 'condition' : null,
        notified: 1,
        acknowledged_at: null,
        acknowledged_by: null,
        acknowledged_note: null,
      })
      .execute()
}
