import { Code } from '@mantine/core'

/** A detail as a sentence of its own: it comes in lower case and without a full stop, with people's input in backticks. */
export const Sentence = ({ of }: { readonly of: string }) => (
  <>
    {sentence(of)
      .split(/(`[^`]*`)/)
      // Parts have no identity but their place.
      .map((part, at) => (part.startsWith('`') ? <Code key={at}>{part.slice(1, -1)}</Code> : part))}
  </>
)

const sentence = (words: string): string => (words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?…]$/.test(words) ? '' : '.'}`)
