const FAULTS_MAX = 100

/** Faults in the order they were found. Only the first hundred are kept: a journal that is all wrong must not fill the memory. */
export type FaultList = { readonly add: (sentence: string) => void; readonly sentences: () => readonly string[] }

export function faultList(): FaultList {
  const kept: string[] = []
  let count = 0
  return {
    add: (sentence) => {
      count += 1
      if (kept.length < FAULTS_MAX) kept.push(sentence)
    },
    sentences: () => (count > kept.length ? [...kept, `and ${count - kept.length} faults more`] : [...kept]),
  }
}
