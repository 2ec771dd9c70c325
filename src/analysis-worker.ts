/** The entry of threads that reckon up samples for a controller. The thread ends with the answer. */
import { parentPort, workerData } from 'node:worker_threads'
import { type AnalysisTask, analyse } from '#control/analysis.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'

enableLinearRegex()
parentPort?.postMessage(analyse(workerData as AnalysisTask))
