/**
 * Finds what log messages have in common: Drain (He, Zhu, Zheng and Lyu, "Drain: An Online Log Parsing Approach with
 * Fixed Depth Tree", ICWS 2017). Messages go down a tree by their group, their number of tokens and their first
 * tokens, to a few clusters; they join the one that is most like them, whose differing tokens become `ANY`.
 *
 * Bounded: a tree and each of its leaves have so many clusters, a node so many children. Children that do not fit go
 * by the way of `ANY`; when there are too many clusters, those with a single message are forgotten.
 */
import { ANY } from './mask.ts'

export interface DrainOptions {
  /** Tokens at the front that lead through the tree. */
  depth?: number
  /** Share of equal tokens from which on a message belongs to a cluster. */
  similarity?: number
  childrenMax?: number
  clustersMax?: number
  leafClustersMax?: number
}

export interface Cluster {
  group: string
  tokens: string[]
  /** Of the messages that were added, by their numbers. */
  members: number[]
}

interface Node {
  children: Map<string, Node>
  clusters: Set<Cluster>
}

const node = (): Node => ({ children: new Map(), clusters: new Set() })

export class Drain {
  /** With the leaf that each hangs on. */
  readonly #leaves = new Map<Cluster, Node>()
  readonly #root = node()
  readonly #depth: number
  readonly #similarity: number
  readonly #childrenMax: number
  readonly #clustersMax: number
  readonly #leafClustersMax: number

  constructor(options: DrainOptions = {}) {
    const { depth = 2, similarity = 0.6, childrenMax = 100, clustersMax = 2000, leafClustersMax = 250 } = options
    this.#depth = depth
    this.#similarity = similarity
    this.#childrenMax = childrenMax
    this.#clustersMax = clustersMax
    this.#leafClustersMax = leafClustersMax
  }

  /** In the order in which they came up. */
  get clusters(): Cluster[] {
    return [...this.#leaves.keys()]
  }

  /** Messages of different groups never meet. Undefined: there is no room for another cluster. */
  add(group: string, tokens: readonly string[], member: number): Cluster | undefined {
    const leaf = this.#leafOf(group, tokens)
    if (leaf === undefined) return undefined
    const cluster = this.#closest(leaf.clusters, tokens)
    if (cluster !== undefined) {
      for (let i = 0; i < tokens.length; i++) if (cluster.tokens[i] !== tokens[i]) cluster.tokens[i] = ANY
      cluster.members.push(member)
      return cluster
    }
    if (leaf.clusters.size >= this.#leafClustersMax) this.#forgetSingles(leaf.clusters)
    else if (this.#leaves.size >= this.#clustersMax) this.#forgetSingles(this.#leaves.keys())
    if (leaf.clusters.size >= this.#leafClustersMax || this.#leaves.size >= this.#clustersMax) return undefined
    const made = { group, tokens: [...tokens], members: [member] }
    this.#leaves.set(made, leaf)
    leaf.clusters.add(made)
    return made
  }

  #forgetSingles(clusters: Iterable<Cluster>): void {
    for (const cluster of clusters) {
      if (cluster.members.length > 1) continue
      this.#leaves.get(cluster)!.clusters.delete(cluster)
      this.#leaves.delete(cluster)
    }
  }

  #leafOf(group: string, tokens: readonly string[]): Node | undefined {
    const ofGroup = childOf(this.#root, group, this.#clustersMax)
    let at = ofGroup === undefined ? undefined : childOf(ofGroup, String(tokens.length), this.#clustersMax)
    for (let i = 0; i < this.#depth && i < tokens.length && at !== undefined; i++) {
      // What has a digit left in it mostly is a name that differs.
      const token = /\d/.test(tokens[i]!) ? ANY : tokens[i]!
      at = childOf(at, token, this.#childrenMax) ?? childOf(at, ANY, this.#childrenMax + 1)
    }
    return at
  }

  /** Of several that are as close, the first. */
  #closest(clusters: Iterable<Cluster>, tokens: readonly string[]): Cluster | undefined {
    let best: Cluster | undefined
    /** One more than may differ; it shrinks with each that is closer. */
    let limit = Math.floor((1 - this.#similarity) * tokens.length + 1e-9) + 1
    for (const cluster of clusters) {
      let different = 0
      for (let i = 0; i < tokens.length && different < limit; i++) if (cluster.tokens[i] !== tokens[i]) different++
      if (different >= limit) continue
      best = cluster
      limit = different
    }
    return best
  }
}

/** Undefined: it has no such child and no room for one. */
function childOf(parent: Node, key: string, childrenMax: number): Node | undefined {
  const known = parent.children.get(key)
  if (known !== undefined || parent.children.size >= childrenMax) return known
  const made = node()
  parent.children.set(key, made)
  return made
}
