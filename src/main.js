/**
 * The entry of the program, and the place that ends it in an orderly way.
 *
 * It is JavaScript for two reasons: an older Node must get as far as the line that says what is wrong, and once the cache
 * is on, no start but the first loads the compiler that strips types (a fifth of the memory).
 */
const NODE_MAJOR_MIN = 24

process.title = 'streamgate'
if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  console.error(
    `streamgate needs Node ${NODE_MAJOR_MIN} or later, this is ${process.version}: use npm start or ./streamgate, which bring one`,
  )
  process.exit(1)
}
// Beside much memory outside of its heap V8 collects garbage ever more often, up to a third of all CPU time: it may let the heap grow
// to four times what is alive first, which is little here.
const { setFlagsFromString } = await import('node:v8')
setFlagsFromString('--heap-growing-percent=300')
const { enableCompileCache } = await import('node:module')
const { directory } = enableCompileCache()
// Engine threads take it from the environment.
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory
const { run } = await import('#cli/run.ts')
process.exit(await run(process.argv.slice(2)))
