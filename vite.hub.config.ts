import { defineConfig } from 'vite'

/** Bundles what runs in Node: the hub, and the benches (`scripts/bench.mjs` names them on the command line). */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: 'src/hub/main.ts',
    outDir: 'dist/hub',
    target: 'node20',
    emptyOutDir: true,
    minify: false,
  },
})
