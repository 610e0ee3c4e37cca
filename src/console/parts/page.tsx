import { Group, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'

type PageGiven = { readonly title: string; readonly aside?: ReactNode; readonly keepFocus?: boolean; readonly children: ReactNode }

/** A page's heading and body. Coming to it moves the focus to its heading, so a screen reader says where one is; `keepFocus` where a field takes it. */
export function Page({ title, aside, keepFocus = false, children }: PageGiven) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Gatehouse`
    if (!keepFocus) heading.current?.focus({ preventScroll: true })
  }, [title, keepFocus])
  return (
    <div className="page">
      <Group justify="space-between" align="baseline" mb="md">
        <Title order={1} ref={heading} tabIndex={-1} className="heading">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </div>
  )
}
