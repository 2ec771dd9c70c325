/** Pieces of schemas that components share. A manifest's params may be strings throughout, so numbers and booleans are taken as text too. */
import { z } from 'zod'

/** A number, or its text. */
export function numeric<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value),
    schema,
  )
}

/** True or false, or its text. */
export function truth<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), schema)
}

/** A list, or one text with commas. */
export function list<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
    schema,
  )
}
