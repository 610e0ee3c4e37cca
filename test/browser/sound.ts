import type { Page } from 'playwright-core'

/** What is wrong with a page for who does not see it well, or at all; empty when it is sound. */
export async function unsoundIn(page: Page): Promise<readonly string[]> {
  return [...(await namelessIn(page)), ...(await page.evaluate<string[]>(FAINT)), ...(await page.evaluate<string[]>(STRUCTURE))]
}

const NAMELESS = /^\s*- (button|textbox|link|radio|radiogroup|checkbox|combobox|table|navigation|article|heading|list "?"?)(?=[\s:[]|$)(?! ")/

/** Controls without an accessible name (WCAG 2.2 §4.1.2), as the accessibility tree has them. */
async function namelessIn(page: Page): Promise<readonly string[]> {
  const tree = await page.locator('body').ariaSnapshot()
  if (!tree.includes('heading')) throw new Error('a page without a heading was looked at: it was not there yet')
  return tree.split('\n').flatMap((line) => (NAMELESS.test(line) ? [`without a name: ${line.trim()}`] : []))
}

/** One first heading, a language, a title, a main part (§1.3.1, §3.1.1, §2.4.2), no identifier twice. */
const STRUCTURE = `(() => {
  const wrong = []
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not exactly one h1')
  if (document.documentElement.lang === '') wrong.push('no language')
  if (document.title === '' || document.title === 'Gatehouse') wrong.push('no title of its own')
  if (document.querySelectorAll('main').length !== 1) wrong.push('not exactly one main')
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id)
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) wrong.push('twice: #' + id)
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push('wider than the window')
  return wrong
})()`

/** Text too faint on what is behind it: 4.5 to 1, or 3 to 1 when large (§1.4.3). Disabled controls are exempt there. */
const FAINT = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3])).concat(1)
  const behind = (element) => {
    const layers = []
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor))
    const canvasColor = matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0, 1] : [255, 255, 255, 1]
    return layers.reverse().reduce((under, layer) => over(layer, under), canvasColor)
  }
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * R + 0.7152 * G + 0.0722 * B
  }
  const faint = []
  for (const element of document.body.querySelectorAll('*')) {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('')
    if (words === '' || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
    if (element.closest(':disabled, [data-disabled], noscript, style, script, .unseen')) continue
    const style = getComputedStyle(element)
    const back = behind(element)
    const ink = over(parse(style.color), back)
    const [more, less] = [light(ink), light(back)].sort((a, b) => b - a)
    const ratio = (more + 0.05) / (less + 0.05)
    const size = parseFloat(style.fontSize)
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    if (ratio < needed) faint.push('too faint, ' + ratio.toFixed(2) + ' to 1: ' + words.slice(0, 40))
  }
  return faint
})()`
