import { Code, Text } from '@mantine/core'

export const RuleNamed = ({ rule }: { readonly rule: { readonly id: string; readonly owner: string; readonly reason: string } }) => (
  <Text size="sm">
    <b>Rule:</b> <Code>{rule.id}</Code> of {rule.owner}, because {rule.reason}.
  </Text>
)
