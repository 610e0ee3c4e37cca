import './jitless.ts'

import { MantineProvider } from '@mantine/core'
import '@mantine/core/styles.css'
import './look.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './answers.ts'
import { consoleRouter } from './routes.tsx'
import { THEME } from './theme.ts'

const nonce = document.querySelector('meta[name=style-nonce]')?.getAttribute('content') ?? ''
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={THEME} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queryClient()}>
        <RouterProvider router={consoleRouter()} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
