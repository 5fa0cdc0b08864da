import compression from 'compression';
import { type RequestHandler, type Router, static as serveFiles } from 'express';
import swaggerUiFolder from 'swagger-ui-dist/absolute-path.js';
import { PreparedJson } from '../http/prepared-json.js';
import { addRoute, strictRouter } from '../http/routes.js';
import { OPENAPI } from './document.js';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>runboat API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

/** A file of its own, because the content security policy allows no script inside of a page. */
const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });
`;

const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** `/openapi.json`, and `/docs` that shows it, from files of this package alone. */
export function createDocsRouter(): Router {
  const router = strictRouter();
  const document = new PreparedJson(Buffer.from(JSON.stringify(OPENAPI)));
  addRoute(router, '/openapi.json', { get: (request, response) => document.send(request, response) });
  addRoute(router, '/docs', { get: [docsPolicy, sendText('html', PAGE)] });
  addRoute(router, '/docs/start.js', { get: sendText('js', START) });
  const files = serveFiles(swaggerUiFolder(), { index: false, redirect: false, maxAge: '1h' });
  for (const file of FILES) {
    addRoute(router, `/docs/${file}`, { get: [compression() as RequestHandler, withoutFolder, files] });
  }
  return router;
}

/** Swagger UI sets style attributes. */
const docsPolicy: RequestHandler = (_request, response, next) => {
  const policy = String(response.getHeader('Content-Security-Policy'));
  response.set(
    'Content-Security-Policy',
    policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
  );
  next();
};

const withoutFolder: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/docs/, '');
  next();
};

function sendText(type: string, text: string): RequestHandler {
  return (_request, response) => {
    response.type(type).set('Cache-Control', 'no-cache').send(text);
  };
}
