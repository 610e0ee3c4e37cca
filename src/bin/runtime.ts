/**
 * One thread beside ours for V8's garbage, instead of four: on few cores, shared with PostgreSQL, four spend their time waiting for each other. With
 * four the gate answered a tenth less.
 */
const ONE_HELPER = '--v8-pool-size=1'
/**
 * Some 40 MB of the gate's heap live at once. Told that it may have 512 it is collected when it has grown by half; with all of the machine's memory to go by
 * V8 lets it grow fourfold first. Told that it begins with 128, the same load marked it 4 times instead of 26 and the gate answered a tenth more, in 50 MB more;
 * 96 lies between. New objects have their 8 MB from the start: in the 1 MB that V8 would begin with and go back to when idle, what dies young is taken for old,
 * which was some 20 MB of the gate under load.
 */
const GATE_HEAP = ['--min-semi-space-size=8', '--max-semi-space-size=8', '--max-old-space-size=512', '--initial-heap-size=96']
/**
 * Of the applier: a function of WebAssembly is compiled to its fastest form eight times as late as V8 would. Reading and validating the policies,
 * once a start, would have much of Cedar compiled so for nothing: a sixth of the processor time of its start. The gate asks Cedar at each call, and is not made to wait.
 */
const WASM_LATER = '--wasm-tiering-budget=100000000'
/** How Node is started for our parts. `env` is read once by what Node is made of, before any of our code runs. */
export const RUNTIME = {
  gate: {
    flags: [...GATE_HEAP, ONE_HELPER],
    env: {
      /**
       * Threads for passphrases, files and names of hosts. A passphrase takes one for a tenth of a second, one at a time (`identity/passphrase.ts`), and a slow
       * file another.
       */
      UV_THREADPOOL_SIZE: '3',
      /** glibc's malloc would keep a heap for each thread, which buffers freed by V8's helper leave full of holes: 30 MB of the gate under load. */
      MALLOC_ARENA_MAX: '1',
    },
  },
  apply: { flags: [ONE_HELPER, WASM_LATER], env: {} },
  other: { flags: [ONE_HELPER], env: {} },
} as const
