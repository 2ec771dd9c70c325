/** The worker's entry. One job at a time; who asks sets the time limit and ends the worker that misses it. */
import './no-eval.ts'
import { answerTo } from './jobs.ts'
import type { Job, WorkerMessage } from './messages.ts'

function say(message: WorkerMessage): void {
  self.postMessage(message)
}

self.addEventListener('message', (event: MessageEvent<Job>) => {
  say({ kind: 'answer', answer: answerTo(event.data) })
})
say({ kind: 'ready' })
