/** The entry of the program, and the only place that ends the process. */
import { run } from '#cli/run.ts'

process.title = 'streamgate'
process.exit(await run(process.argv.slice(2)))
