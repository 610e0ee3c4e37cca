import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The console, built to `dist/console`: one HTML file, and hashed files under `/desk/assets/`. Nothing is inlined: the page's policy forbids it. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    assetsDir: 'desk/assets',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
})
