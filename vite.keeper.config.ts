import { defineConfig } from 'vite'

/** Bundles the keeper, which runs in Node; and, for tests, a program that uses parts of it (`--ssr`, `--outDir`). */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: 'src/keeper/main.ts',
    outDir: 'dist/keeper',
    target: 'node20',
    emptyOutDir: true,
    minify: false,
  },
})
