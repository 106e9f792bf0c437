import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { COMMON_HEADERS, type Page } from './pages.ts'

/**
 * What somebody without the app meets first under an address in the local network: plain http, so first of all what
 * that does not protect. In both languages, as nobody knows yet who reads. The one script keeps what stands behind `#`,
 * where an invitation is.
 */

const text = `<!doctype html>
<html lang="es">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lumbre</title>
<link rel="stylesheet" href="/lan/page.css">
</head>
<body>
<main>
<h1>Lumbre</h1>
<section>
<p>Estás en la red de esta reunión. La app te la da la computadora que organiza el encuentro, sin internet.</p>
<h2>Antes de entrar</h2>
<ul>
<li><b>Esta dirección no va cifrada.</b> Quien maneje esta red o esta computadora podría cambiar la app en el camino. Entonces vería lo que escribas aquí.</li>
<li><b>Nada se guarda.</b> Al cerrar esta página se va todo lo que hayas escrito en este teléfono.</li>
<li><b>La cámara no funciona aquí.</b> Los códigos se pegan o se leen en voz alta.</li>
</ul>
<p>Para participar de verdad, instala la app desde internet antes o después de la reunión. Si confías en quien organiza y solo quieres mirar, entra.</p>
<p><a class="enter" href="/index.html">Entrar de todos modos</a></p>
</section>
<hr>
<section lang="en">
<p>You are on the network of this gathering. The computer that hosts it gives you the app, without internet.</p>
<h2>Before you go in</h2>
<ul>
<li><b>This address is not encrypted.</b> Whoever runs this network or this computer could change the app on its way. They would then see what you write here.</li>
<li><b>Nothing is kept.</b> When you close this page, all you wrote on this phone is gone.</li>
<li><b>The camera does not work here.</b> Codes are pasted or read aloud.</li>
</ul>
<p>To take part for real, install the app from the internet before or after the gathering. If you trust the people who host and only want to look, go in.</p>
<p><a class="enter" href="/index.html">Go in all the same</a></p>
</section>
</main>
<script src="/lan/page.js"></script>
</body>
</html>
`

const style = `
:root { color-scheme: light dark; --paper: #f7f1e5; --ink: #2b2621; --line: #cbbfa9; --dye: #7a3b2e }
@media (prefers-color-scheme: dark) { :root { --paper: #211d19; --ink: #ece3d4; --line: #54493c; --dye: #e0a08f } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 Georgia, 'Times New Roman', serif }
main { max-inline-size: 36rem; margin-inline: auto; padding: 1.5rem 1.25rem 3rem }
h1, h2 { font-weight: 600; line-height: 1.2 }
h2 { font-size: 1.125rem }
ul { padding-inline-start: 1.25rem }
li { margin-block: .5rem }
hr { border: 0; border-block-start: 1px solid var(--line); margin-block: 2rem }
.enter { display: inline-block; padding: .75rem 1.25rem; border: 1px solid var(--dye); color: var(--dye) }
`

const script = `for (const link of document.querySelectorAll('.enter')) link.hash = location.hash\n`

const pageFrom = (type: string, content: string): Page => {
  const body = Buffer.from(content)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    body,
    gzipped: gzipSync(body),
    etag,
    headers: {
      ...COMMON_HEADERS,
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'content-type': `${type}; charset=utf-8`,
      etag,
      vary: 'accept-encoding',
    },
  }
}

/** What a hub in the local network serves beside the app; `/` there is this page and not yet the app. */
export const WELCOME_PAGES: ReadonlyMap<string, Page> = new Map([
  ['/', pageFrom('text/html', text)],
  ['/lan/page.css', pageFrom('text/css', style)],
  ['/lan/page.js', pageFrom('text/javascript', script)],
])
