import { Anchor, type AnchorProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { ComponentProps } from 'react'

/** A link within the console. */
export const To = createLink((given: AnchorProps & Omit<ComponentProps<'a'>, keyof AnchorProps>) => <Anchor inherit {...given} />)
