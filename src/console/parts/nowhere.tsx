import { Text } from '@mantine/core'
import { Page } from './page.tsx'
import { To } from './to.tsx'

export const Nowhere = () => (
  <Page title="No such page">
    <Text>
      The console has nothing at this address. <To to="/">Go to the pilot's page</To>
    </Text>
  </Page>
)
