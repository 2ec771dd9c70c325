/** Every processor, one line each. Alone, because browsers try rules too, and need nothing else of the registry. */
import type { EngineRegistry } from '#component/registry.ts'
import { aggregate } from '#processors/aggregate/aggregate.ts'
import { attributeFilter } from '#processors/attribute_filter/attribute_filter.ts'
import { cardinalityLimit } from '#processors/cardinality_limit/cardinality_limit.ts'
import { dedupe } from '#processors/dedupe/dedupe.ts'
import { filter } from '#processors/filter/filter.ts'
import { metricFilter } from '#processors/metric_filter/metric_filter.ts'
import { metricRename } from '#processors/metric_rename/metric_rename.ts'
import { redact } from '#processors/redact/redact.ts'
import { relabel } from '#processors/relabel/relabel.ts'
import { sample } from '#processors/sample/sample.ts'

export const processorRegistry = {
  processors: [
    filter, //
    redact,
    attributeFilter,
    sample,
    dedupe,
    aggregate,
    cardinalityLimit,
    metricFilter,
    metricRename,
    relabel,
  ],
} as const satisfies Pick<EngineRegistry, 'processors'>
