// The little that is needed of HTTP beside the provider's own.

const MAX_BODY_BYTES = 1024 * 1024;

export async function readText(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

export async function readForm(request) {
  return new URLSearchParams(await readText(request));
}

function send(response, status, type, text) {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(text);
}

export function sendPage(response, status, html) {
  send(response, status, 'text/html; charset=utf-8', html);
}

export function sendDocument(response, status, document) {
  send(response, status, 'application/json', JSON.stringify(document));
}
