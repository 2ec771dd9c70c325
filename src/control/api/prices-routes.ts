/** Prices of outputs, with their history. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/savings.ts'
import type { ControlContext } from '../context.ts'
import { addPrice, deletePrice, listPrices, readPrice, replacePrice } from '../series/prices.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['savings']
const idInPath = z.object({ id: z.string().min(1).max(64) })
const failed = { '4xx': problem }

export async function pricesRoutes(instance: FastifyInstance, context: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context

  app.get(
    '/prices',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'The prices of outputs, oldest first',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(contract.price), ...failed },
      },
    },
    async ({ principal, query: { limit, cursor } }) => {
      const prices = await listPrices(db, principal.org, limit, keyFrom(cursor, 'string'))
      return toPage(
        prices,
        limit,
        ({ id }) => id,
        (price) => price,
      )
    },
  )

  app.post(
    '/prices',
    {
      config: { permission: 'edit' },
      schema: {
        summary: 'Add a price',
        description: 'A new price of the same output is added with its own `since`: what was before keeps its price.',
        tags,
        querystring: writeQuery,
        body: contract.priceBody,
        response: { 201: contract.price, ...failed },
      },
    },
    async (request, reply) => {
      const { org, name } = request.principal
      const price = await change(context, request, async (tx) => {
        const result = await addPrice(tx, org, request.body, name, clock.wall())
        if (result === 'full') throw new Problem(422, `there are ${contract.PRICES_MAX} prices, which is the limit`)
        if (result === 'taken') throw taken()
        return { result, audit: { action: 'price.add', object: `prices/${result.id}`, detail: request.body } }
      })
      void reply.code(201).header('etag', etagOfPrice(price))
      return price
    },
  )

  app.get(
    '/prices/:id',
    {
      config: { permission: 'read' },
      schema: { summary: 'A price', tags, params: idInPath, response: { 200: contract.price, ...failed } },
    },
    async ({ principal, params: { id } }, reply) => {
      const price = await readPrice(db, principal.org, id)
      if (price === undefined) throw noSuchPrice(id)
      void reply.header('etag', etagOfPrice(price))
      return price
    },
  )

  app.put(
    '/prices/:id',
    {
      config: { permission: 'edit' },
      schema: {
        summary: 'Correct a price',
        description: 'Changes what was saved in the past too. For a price that changes, add another one.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        body: contract.priceBody,
        response: { 200: contract.price, ...failed },
      },
    },
    async (request, reply) => {
      const { org, name } = request.principal
      const { id } = request.params
      const price = await change(context, request, async (tx) => {
        const before = await readPrice(tx, org, id)
        if (before === undefined) throw noSuchPrice(id)
        requireMatch(request, reply, etagOfPrice(before))
        const result = await replacePrice(tx, org, id, request.body, name, clock.wall())
        if (result === 'taken') throw taken()
        const detail = { before: told(before), after: told(result) }
        return { result, audit: { action: 'price.update', object: `prices/${id}`, detail } }
      })
      void reply.header('etag', etagOfPrice(price))
      return price
    },
  )

  app.delete(
    '/prices/:id',
    {
      config: { permission: 'edit' },
      schema: {
        summary: 'Delete a price',
        tags,
        params: idInPath,
        querystring: writeQuery,
        response: { 204: z.null(), ...failed },
      },
    },
    async (request, reply) => {
      const { org } = request.principal
      const { id } = request.params
      await change(context, request, async (tx) => {
        const before = await readPrice(tx, org, id)
        if (before === undefined) throw noSuchPrice(id)
        requireMatch(request, reply, etagOfPrice(before))
        await deletePrice(tx, org, id)
        return { result: null, audit: { action: 'price.delete', object: `prices/${id}`, detail: told(before) } }
      })
      return reply.code(204).send(null)
    },
  )
}

const etagOfPrice = (price: contract.Price) => etagOf(JSON.stringify(price))

function told({ updated_at, updated_by, ...price }: contract.Price): object {
  return price
}

function taken(): Problem {
  return new Problem(409, 'there is a price of this since the same day; correct that one', [
    { pointer: '/since', detail: 'is taken' },
  ])
}

function noSuchPrice(id: string): Problem {
  return new Problem(404, `there is no price "${id}"`)
}
