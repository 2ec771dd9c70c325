/** How a pipeline is, in a word, with what it means. */
import type { PipelineBooks } from '#contract/stats.ts'

export type PipelineState = PipelineBooks['state']

/** The worst last. */
export const pipelineStates = ['normal', 'probing', 'pressed', 'hold', 'bypass'] as const

export const pipelineWords: Record<PipelineState, { tone: 'ok' | 'warn' | 'bad'; word: string; meaning: string }> = {
  normal: { tone: 'ok', word: 'Normal', meaning: 'all rules run' },
  probing: { tone: 'warn', word: 'Probing', meaning: 'all rules are tried again on some of the records' },
  pressed: { tone: 'warn', word: 'Pressed', meaning: 'only required rules run, so that records keep up' },
  hold: { tone: 'bad', word: 'On hold', meaning: 'records wait, because a required rule cannot run' },
  bypass: { tone: 'bad', word: 'Bypassed', meaning: 'records go out without the rules that should have run' },
}
