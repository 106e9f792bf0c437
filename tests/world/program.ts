import { build } from 'vite'

/** Builds a program of Node into `outDir`, so that a test can run it in a process of its own. */
export const buildProgram = async (entry: string, outDir: string): Promise<void> => {
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: { ssr: entry, outDir, target: 'node20', minify: false },
  })
}
