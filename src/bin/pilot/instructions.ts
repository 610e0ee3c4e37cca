import { ourselves } from '../ourselves.ts'
import type { Raise } from './raise.ts'

/** What a newcomer does next, every command to paste as it is. */
export function instructions({ gateUrl, deskUrl, people, tms, dataFolder }: Raise): string {
  const { employee, approver, enrolmentCode } = people
  const gatehouse = ourselves()
  return `
Gatehouse's pilot stands. Its TMS holds ${tms.shipments.toLocaleString('en')} shipments of ${tms.customers} customers; ${employee.name} looks after ${tms.accounts['customer-service'].length} of them.

  Console    ${deskUrl}
  Sign in as ${employee.id}   passphrase ${employee.passphrase}   (${employee.name}, employee)
          or ${approver.id}    passphrase ${approver.passphrase}   (${approver.name}, approver: nobody approves their own agent's changes)

To let an agent on this computer ask:

  1. Enrol this device (the code works once, for a day):
     ${gatehouse} enrol --gate ${gateUrl} --code ${enrolmentCode}
  2. Enter the connector in your agent's configuration (or cursor, vscode; --print shows the block to paste):
     ${gatehouse} connect --install claude-desktop
  3. Restart the agent and ask it: "Which shipments are late?" It will show you a link: sign in as ${employee.id} and choose a use case.

Data folder ${dataFolder}
Verify the journal, while it runs: ${gatehouse} journal verify --data ${dataFolder}
Ctrl-C stops it; the next start finds everything as it was.
`
}
