import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { enrol } from '../../endpoint/enrol.ts'
import { verifyAt } from '../journal/verify.ts'
import { startScriptedAgent } from './agent.ts'
import { signInAt } from './desk-client.ts'
import { type Findings, findings } from './findings.ts'
import type { Raise } from './raise.ts'
import { report } from './report.ts'
import { proposeAndDecide } from './script/changes.ts'
import { prepareAndShow } from './script/drafts.ts'
import { readOn } from './script/exposure.ts'
import { askQuestions } from './script/questions.ts'
import { tryRefusals } from './script/refusals.ts'
import { openSessionFor } from './script/sign-in.ts'

/** The pilot's day in a minute: an agent asks, is refused, proposes; people decide; the journal is verified. True only if every expectation held. */
export async function runOnce(raise: Raise, say: (line: string) => void): Promise<boolean> {
  const found: Findings = findings()
  const home = join(raise.dataFolder, `agent-${randomBytes(4).toString('hex')}`)
  await enrol({ gate: raise.gateUrl, code: raise.people.enrolmentCode, name: 'scripted device', home, replace: false, clock: Date.now, random: randomBytes })
  const agent = await startScriptedAgent(home)
  try {
    const employee = await signInAt(raise.deskUrl, raise.people.employee.id, raise.people.employee.passphrase)
    const approver = await signInAt(raise.deskUrl, raise.people.approver.id, raise.people.approver.passphrase)
    const steps: readonly (readonly [string, () => Promise<void>])[] = [
      ['the agent asks for a session, its person signs in and chooses the use case', () => openSessionFor(agent, employee, found)],
      ['the agent asks its questions', () => askQuestions(agent, found)],
      ['the agent tries what it may not', () => tryRefusals(agent, raise, found)],
      ['the agent prepares a label and a letter, its person sees them resolved', () => prepareAndShow(agent, employee, raise, found)],
      ['the agent proposes two changes, an approver approves one and rejects the other', () => proposeAndDecide({ agent, employee, approver, raise, found })],
      ['the agent reads on, customer by customer, until its exposure budget is spent', () => readOn(agent, raise, found)],
    ]
    for (const [what, step] of steps) {
      say(`· ${what}`)
      await step()
    }
  } finally {
    await agent.close()
    rmSync(home, { recursive: true, force: true })
  }
  say('· the journal is verified')
  // The signer is at most a second behind.
  await new Promise((wake) => setTimeout(wake, 1500))
  const verified = await verifyAt(raise.house.databaseUrl('gate'), raise.vkeyFile, raise.signedFile, raise.dataFolder)
  found.expect(
    'the journal verifies, every entry signed',
    verified.ok && verified.unsignedTail === 0,
    verified.faults.join('; ') || `${verified.unsignedTail} entries unsigned`,
  )
  say(report(found, agent.timings, verified))
  return found.failed().length === 0
}
