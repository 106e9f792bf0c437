// `npm run check`: types, lint and format, the part of `npm test` that needs no browser.
import { checkNode, install, syncKit } from './house.mjs'
import { checks } from './checks.mjs'

checkNode()
await install()
await syncKit()

let failed = 0
for (const { name, run } of checks) {
  console.log(`── ${name}`)
  if ((await run()) !== 0) failed++
}
process.exit(failed === 0 ? 0 : 1)
