import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Page } from './page.tsx'

export const Nowhere = () => (
  <Page title="No such page">
    <Text>
      The console has nothing at this address. <Anchor component={Link} to="/">Go to the pilot's page</Anchor>
    </Text>
  </Page>
)
