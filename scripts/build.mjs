// `npm run build`: the app into build/, the hub into dist/hub/, the keeper into dist/keeper/.
import { build, buildKeeper, checkNode, install } from './house.mjs'

checkNode()
await install()
await build()
await buildKeeper()
