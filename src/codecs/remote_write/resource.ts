/**
 * What a resource of OpenTelemetry says of who sent a metric
 * (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics): `job` is
 * service.namespace/service.name, `instance` is service.instance.id. Text has one character per byte.
 *
 *   ResourceMetrics { Resource resource = 1 }  Resource { repeated KeyValue attributes = 1 }
 *   KeyValue { string key = 1; AnyValue value = 2 }  AnyValue { string = 1; bool = 2; int = 3; double = 4 }
 */
import { fieldsOf } from '#codecs/protobuf/wire.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import { int64 } from './fields.ts'

const ATTRIBUTES_MAX = 256

/** `job`, `instance`, and those of `wanted` that are there, under their own names. */
export function resourceLabels(bytes: Bytes, from: number, to: number, wanted: readonly string[]): [string, string][] {
  const attributes = attributesOf(bytes, from, to)
  const labels: [string, string][] = []
  const service = attributes.get('service.name')
  const namespace = attributes.get('service.namespace')
  const instance = attributes.get('service.instance.id')
  if (service !== undefined) labels.push(['job', namespace === undefined ? service : `${namespace}/${service}`])
  if (instance !== undefined) labels.push(['instance', instance])
  for (const name of wanted) {
    const value = attributes.get(name)
    if (value !== undefined && value !== '') labels.push([name, value])
  }
  return labels
}

/** One resource after another is the same: the last one is remembered. */
let lastBytes = ''
let lastAttributes = new Map<string, string>()

function attributesOf(bytes: Bytes, from: number, to: number): Map<string, string> {
  const key = latin1(bytes, from, to)
  if (key === lastBytes) return lastAttributes
  const attributes = new Map<string, string>()
  for (const resource of fieldsOf(bytes, from, to)) {
    if (resource.field !== 1) continue
    for (const attribute of fieldsOf(bytes, resource.from, resource.to)) {
      if (attribute.field !== 1 || attributes.size === ATTRIBUTES_MAX) continue
      let [name, value] = ['', '']
      for (const part of fieldsOf(bytes, attribute.from, attribute.to)) {
        if (part.field === 1) name = latin1(bytes, part.from, part.to)
        else if (part.field === 2) value = attributeText(bytes, part.from, part.to)
      }
      attributes.set(name, value)
    }
  }
  lastBytes = key
  lastAttributes = attributes
  return attributes
}

/** Numbers as their text; lists and maps are no labels. */
export function attributeText(bytes: Bytes, from: number, to: number): string {
  for (const { field, value, from: at, to: end } of fieldsOf(bytes, from, to)) {
    if (field === 1) return latin1(bytes, at, end)
    if (field === 2) return value === 1 ? 'true' : 'false'
    if (field === 3) return String(value <= Number.MAX_SAFE_INTEGER ? value : int64(bytes, from + 1, to))
    if (field === 4) return String(bytes.readDoubleLE(at))
  }
  return ''
}
