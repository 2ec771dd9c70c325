/** What telemetry is about. A pipeline carries one signal; a record has one. */
export const signals = ['logs', 'metrics', 'traces'] as const
export type Signal = (typeof signals)[number]
