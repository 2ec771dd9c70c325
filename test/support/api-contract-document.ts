/** What an OpenAPI 3.1 document must have, so that clients can be made from it. */
import { permissions } from '#contract/access.ts'
import { at, type Contract, isWrite, type Operation } from './api-contract.ts'

/** What is wrong with the document. Each schema has been compiled already. */
export function flaws({ document, operations }: Contract): string[] {
  const all: string[] = []
  if (!/^3\.1\.\d+$/.test(document.openapi)) all.push(`openapi: ${document.openapi}`)
  for (const field of ['title', 'version']) if (!document.info?.[field]) all.push(`info.${field} is missing`)
  for (const reference of referencesIn(document))
    if (at(document, reference) === undefined) all.push(`${reference} leads nowhere`)
  const used = new Set(referencesIn(document))
  for (const name of Object.keys(document.components.schemas))
    if (!used.has(`#/components/schemas/${name}`)) all.push(`nothing refers to ${name}`)
  const seen = new Map<string, string>()
  for (const operation of operations) {
    all.push(...flawsOf(operation, document).map((flaw) => `${operation.id}: ${flaw}`))
    // The routes of the original product are there twice, at the root too.
    const key = `${operation.path.startsWith('/api/v1')} ${operation.summary}`
    if (seen.has(key)) all.push(`${operation.id}: has the summary of ${seen.get(key)}`)
    seen.set(key, operation.id)
  }
  return all
}

function flawsOf(operation: Operation, document: Contract['document']): string[] {
  const { path, permission, summary, tags, security, parameters, responses, body } = operation
  const flaws: string[] = []
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const declared = parameters.filter((parameter) => parameter.in === 'path')
  if (
    inPath.sort().join() !==
    declared
      .map(({ name }) => name)
      .sort()
      .join()
  )
    flaws.push('its path parameters differ')
  if (declared.some(({ required }) => required !== true)) flaws.push('a path parameter is not required')
  const names = parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
  if (new Set(names).size !== names.length) flaws.push('a parameter is there twice')
  if (!summary) flaws.push('has no summary')
  if (!(tags?.length > 0)) flaws.push('has no tags')
  if (permission !== 'public' && !permissions.includes(permission as never)) flaws.push(`x-permission is ${permission}`)
  if ((security?.length === 0) !== (permission === 'public')) flaws.push('security and x-permission do not fit')
  for (const scheme of (security ?? []).flatMap((one) => Object.keys(one as object)))
    if (document.components.securitySchemes[scheme] === undefined) flaws.push(`there is no scheme ${scheme}`)
  if (body !== undefined && isWrite(operation) && !('type' in body || 'anyOf' in body || 'oneOf' in body))
    flaws.push('its body may be anything')
  if (body?.['type'] === 'object' && body['additionalProperties'] === undefined)
    flaws.push('keys of its body that nobody knows would be lost without a word')
  const answers = Object.entries(responses)
  const good = answers.filter(([status]) => status.startsWith('2'))
  if (good.length === 0) flaws.push('has no 2xx answer')
  for (const [status, { content }] of good)
    if ((content === undefined) !== (status === '204')) flaws.push(`its ${status} has no schema, or one for nothing`)
  const bad = answers.filter(([status]) => /^[45]/.test(status))
  if (!bad.some(([status]) => status === '4XX')) flaws.push('has no answer that refuses')
  for (const [status, { content }] of bad)
    if (Object.keys(content ?? {}).join() !== 'application/problem+json') flaws.push(`its ${status} is no problem`)
  return flaws
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) =>
    key === '$ref' && typeof part === 'string' ? [part] : referencesIn(part),
  )
}
