import { Code, Text } from '@mantine/core'
import { Words } from './words.tsx'

export const RuleNamed = ({ rule }: { readonly rule: { readonly id: string; readonly owner: string; readonly reason: string } }) => (
  <Text size="sm">
    <b>Rule:</b> <Code>{rule.id}</Code> of {rule.owner}, because <Words of={rule.reason} />.
  </Text>
)
