import { Code } from '@mantine/core'

/** Words within a sentence: people's input stands in backticks. */
export const Words = ({ of }: { readonly of: string }) => (
  <>
    {of
      .split(/(`[^`]*`)/)
      // Parts have no identity but their place.
      .map((part, at) => (part.startsWith('`') ? <Code key={at}>{part.slice(1, -1)}</Code> : part))}
  </>
)

/** A detail as a sentence of its own: it comes in lower case and without a full stop. */
export const Sentence = ({ of }: { readonly of: string }) => <Words of={sentence(of)} />

const sentence = (words: string): string => (words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?…]$/.test(words) ? '' : '.'}`)
