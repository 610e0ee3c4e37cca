import type { Page } from 'playwright-core'

/** The console's pages as a person works them: by what is written on them, over whatever house stands behind. */
export async function signIn(page: Page, url: string, person: string, passphrase: string): Promise<void> {
  await page.goto(new URL('/sign-in', url).href)
  await fillSignIn(page, person, passphrase)
  await page.getByRole('heading', { level: 1, name: 'Pilot' }).waitFor()
}

export async function fillSignIn(page: Page, person: string, passphrase: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name' }).fill(person)
  await page.getByRole('textbox', { name: 'Passphrase' }).fill(passphrase)
  await page.keyboard.press('Enter')
}

/** To a place of the console by its link, as one goes there; ready when its heading stands. */
export async function goTo(page: Page, place: 'Pilot' | 'Changes' | 'Drafts' | 'Sessions' | 'Requests' | 'Journal' | 'Devices'): Promise<void> {
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: place }).click()
  await page.getByRole('heading', { level: 1, name: place }).waitFor()
}

/** A waiting change by its title. */
export const changeOf = (page: Page, title: string) => page.getByRole('article', { name: title })

/** Moves by `j` until the change has the focus. Throws when it is not among the waiting. */
export async function moveTo(page: Page, title: string): Promise<void> {
  await changeOf(page, title).waitFor()
  const count = await page.getByRole('article').count()
  for (let step = 0; step <= count; step++) {
    await page.keyboard.press('j')
    if ((await page.locator('article:focus').getByRole('heading').textContent()) === title) return
  }
  throw new Error(`no way by keyboard to ${title}`)
}

/** Decides the change with the focus, without touching the mouse. */
export async function decide(page: Page, decision: 'approve' | 'reject', reason: string): Promise<void> {
  await page.keyboard.press(decision === 'approve' ? 'a' : 'r')
  await page.getByRole('textbox', { name: `Why you ${decision}` }).waitFor()
  await page.keyboard.type(reason)
  await page.keyboard.press('Enter')
}

export async function confirm(page: Page, passphrase: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Your passphrase' }).fill(passphrase)
  await page.keyboard.press('Enter')
}

/** On a draft's page: asks for it in clear, with the passphrase where it is wanted. */
export async function showDraft(page: Page, passphrase: string): Promise<void> {
  await page.getByRole('button', { name: 'Show it' }).click()
  const print = page.getByRole('button', { name: 'Print' })
  const asked = page.getByRole('textbox', { name: 'Your passphrase' })
  await print.or(asked).waitFor()
  if (await asked.isVisible()) await confirm(page, passphrase)
  await print.waitFor()
}
