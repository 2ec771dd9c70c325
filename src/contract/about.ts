/** What a controller is, and where things listen. */
import { z } from 'zod'
import { authModes } from './access.ts'

export const about = z
  .object({
    product: z.literal('streamgate'),
    version: z.string(),
    started_at: z.number().describe('Unix milliseconds.'),
    auth_mode: z.enum(authModes),
    store: z.enum(['sqlite', 'postgres']),
    redis: z.boolean().describe('Versions of the configuration `default` are published there too.'),
    public_url: z.string().nullable().describe('How people reach the API; null where nobody has said so.'),
    opamp: z
      .object({
        address: z.string().describe('Where it listens, such as `http://0.0.0.0:4320/v1/opamp`; the host is its own.'),
        auth: z.enum(authModes),
      })
      .nullable()
      .describe('Where gateways connect; null: none can.'),
    node: z
      .object({
        id: z.string(),
        version: z.string(),
        started_at: z.number(),
        sources: z.array(
          z.object({
            id: z.string(),
            type: z.string(),
            address: z.string().describe('Such as `tcp://0.0.0.0:8081`; the host is its own.'),
          }),
        ),
      })
      .nullable()
      .describe('The node in the same process; null when there is none.'),
  })
  .meta({ id: 'About' })
export type About = z.infer<typeof about>
