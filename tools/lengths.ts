import { chain, isFunction, lineAt, type Node, type Parsed } from './syntax.ts'

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 60

export const linesOf = (text: string): number => text.split('\n').length - 1

/**
 * What is longer than one reads at a sitting. A function answers for its own lines, not for those of the functions inside it:
 * a function that returns an object of methods is a page of them, and each is measured by itself. A `describe` is a chapter, not a function.
 */
export function tooLong(file: Parsed): readonly string[] {
  const lines = linesOf(file.text)
  const whole = lines > FILE_LINES_MAX ? [`${file.path}: ${lines} lines; over ${FILE_LINES_MAX} a file holds more than one noun: part it`] : []
  return [...whole, ...functionsOf(file).flatMap((node) => tooLongAFunction(file, node))]
}

export const functionsOf = (file: Parsed): readonly Node[] =>
  file.nodes.flatMap(({ node, parents }) => (isFunction(node) && !isChapter(parents.at(-1)) ? [node] : []))

const isChapter = (parent: Node | undefined): boolean => parent?.type === 'CallExpression' && ['describe', 'suite'].includes(chain(parent)[0] ?? '')

function tooLongAFunction(file: Parsed, node: Node): readonly string[] {
  const lines = linesAcross(file.text, node) + 1 - linesInside(file, node)
  const where = `${file.path}:${lineAt(file.text, node.start)}`
  return lines > FUNCTION_LINES_MAX ? [`${where}: a function of ${lines} lines; over ${FUNCTION_LINES_MAX} it does more than one thing: part it`] : []
}

/** Line feeds between a node's first and last character. */
const linesAcross = (text: string, { start, end }: Node): number => linesOf(text.slice(start, end))

/** Lines that functions within this one, and within no other, take beyond the line they begin in. */
const linesInside = (file: Parsed, outer: Node): number =>
  file.nodes
    .filter(({ node, parents }) => isFunction(node) && parents.findLast(isFunction) === outer)
    .reduce((sum, { node }) => sum + linesAcross(file.text, node), 0)
