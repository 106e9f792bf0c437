// `npm run build`: the app into build/, the hub into dist/hub/.
import { build, checkNode, install } from './house.mjs'

checkNode()
await install()
await build()
