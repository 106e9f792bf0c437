import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page the browser benches run in: plain Vite, no kit, same modules as the app. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  build: { target: 'esnext', outDir: '../../../dist/bench-page', emptyOutDir: true, minify: false },
  worker: { format: 'es' },
  logLevel: 'warn',
})
