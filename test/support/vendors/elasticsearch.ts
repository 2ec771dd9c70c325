/**
 * Elasticsearch's bulk API, as far as documents can go right or wrong there. A message is a stored document's
 * `message`.
 */
import { elasticsearch as definition } from '#outputs/elasticsearch/elasticsearch.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const ID_BYTES_MAX = 512

interface Item {
  status: number
  _index: string
  _id: string
  error?: { type: string; reason: string }
}

export class ElasticsearchFake extends VendorFake {
  /** By index, then by id. */
  readonly documents = new Map<string, Map<string, Record<string, unknown>>>()
  /** What the `Authorization` header must be; undefined: security is off. */
  authorization: string | undefined
  bodyBytesMax = 100 * 1024 * 1024
  /** Statuses for the next documents instead of what would become of them; 0: as usual. */
  readonly itemFaults: number[] = []
  /** Fields that are mapped as numbers. */
  readonly numbers = new Set(['amount'])
  isDataStream = (name: string): boolean => name.startsWith('logs-')

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const { pathname, searchParams } = new URL(path, 'http://elastic')
    if (this.authorization !== undefined && headers.authorization !== this.authorization) {
      return this.violation('credentials', this.#error(401, 'security_exception'))
    }
    const target = /^(?:\/([^/]+))?\/_bulk$/.exec(pathname)
    if (method !== 'POST' || target === null) return this.violation(`${method} ${path}`, { status: 404 })
    if (headers['content-type'] !== 'application/x-ndjson') return this.violation('content type', { status: 406 })
    if (body.length > this.bodyBytesMax) return this.violation('body too large', { status: 413 })
    const text = body.toString()
    if (!text.endsWith('\n')) {
      return this.violation('no newline at the end', this.#error(400, 'illegal_argument_exception'))
    }
    const lines = text.slice(0, -1).split('\n')
    if (lines.length % 2 !== 0) return this.violation('odd lines', this.#error(400, 'illegal_argument_exception'))
    const items: Record<string, Item>[] = []
    for (let i = 0; i < lines.length; i += 2) {
      const [[action, meta]] = Object.entries(
        JSON.parse(lines[i]!) as Record<string, { _index?: string; _id: string }>,
      ) as [[string, { _index?: string; _id: string }]]
      items.push({ [action]: this.#write(action, meta._index ?? target[1] ?? '', meta._id, lines[i + 1]!) })
    }
    return this.#answer(items, searchParams.get('filter_path'))
  }

  #write(action: string, index: string, id: string, source: string): Item {
    const refuse = (status: number, type: string, reason: string): Item => ({
      ...{ status, _index: index, _id: id },
      error: { type, reason },
    })
    if (index === '') this.violations.push('no index')
    if (id === undefined || Buffer.byteLength(id) > ID_BYTES_MAX) this.violations.push('id')
    const fault = this.itemFaults.shift() ?? 0
    if (fault !== 0) return refuse(fault, 'es_rejected_execution_exception', 'rejected execution')
    if (this.isDataStream(index) && action !== 'create') {
      this.violations.push('not create in a data stream')
      return refuse(400, 'illegal_argument_exception', 'only write ops with an op_type of create are allowed')
    }
    let document: Record<string, unknown>
    try {
      document = JSON.parse(source)
    } catch {
      this.violations.push('a document that is no JSON')
      return refuse(400, 'document_parsing_exception', 'failed to parse')
    }
    for (const field of this.numbers) {
      const value = document[field]
      if (value === undefined || (value !== '' && !Number.isNaN(Number(value)))) continue
      const where = `[1:42] failed to parse field [${field}] of type [long] in document with id '${id}'`
      return refuse(400, 'document_parsing_exception', `${where}. Preview of field's value: '${String(value)}'`)
    }
    if (this.isDataStream(index) && Number.isNaN(Date.parse(String(document['@timestamp'])))) {
      return refuse(400, 'document_parsing_exception', 'data stream timestamp field [@timestamp] is missing or none')
    }
    let documents = this.documents.get(index)
    if (documents === undefined) {
      documents = new Map()
      this.documents.set(index, documents)
    }
    const isThere = documents.has(id)
    if (isThere && action === 'create') {
      return refuse(409, 'version_conflict_engine_exception', `[${id}]: version conflict, document already exists`)
    }
    documents.set(id, document)
    if (!isThere) this.stored.push(String(document['message']))
    return { status: isThere ? 200 : 201, _index: index, _id: id }
  }

  #answer(items: Record<string, Item>[], filter: string | null): VendorAnswer {
    const errors = items.some((item) => Object.values(item)[0]!.error !== undefined)
    if (filter === null) this.violations.push('no filter_path')
    const filtered = items.map((item) => {
      const [[action, { status, error }]] = Object.entries(item) as [[string, Item]]
      return { [action]: error === undefined ? { status } : { status, error } }
    })
    const body = JSON.stringify({ errors, items: filtered })
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }

  #error(status: number, type: string): VendorAnswer {
    return { status, body: JSON.stringify({ error: { type, reason: 'as configured' }, status }) }
  }
}

export const elasticsearch: Vendor = {
  definition,
  start: () => new ElasticsearchFake().listen(),
  options: (fake) => ({ url: fake.url }),
}
