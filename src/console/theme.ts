import { createTheme } from '@mantine/core'

export const THEME = createTheme({
  fontFamily: 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, monospace',
  primaryColor: 'blue',
  // Light enough to be calm, dark enough for white on it (WCAG 2.2 §1.4.3).
  primaryShade: { light: 9, dark: 9 },
  defaultRadius: 'sm',
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.4rem' }, h2: { fontSize: '1.05rem' }, h3: { fontSize: '0.95rem' } } },
})
