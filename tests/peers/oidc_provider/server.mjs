// Serves the provider on loopback. Settings are one JSON object: the file named as argument, or the first line of
// standard input; in the second case the server ends when standard input does, so it never outlives its starter.

import { Console } from 'node:console';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { readText, sendDocument } from './http.mjs';
import { answerInteraction } from './interaction.mjs';
import { KeyRing } from './keys.mjs';
import { changeSettings, readSettings } from './settings.mjs';

const HOST = '127.0.0.1';

// Standard output carries one line and nothing else: what the provider has to say goes to standard error. Its modules
// speak while they are loaded, hence they are loaded after this.
globalThis.console = new Console(process.stderr);
const { makeProvider } = await import('./provider.mjs');
const { createMemoryAdapter } = await import('oidc-provider/lib/adapters/memory_adapter.js');

async function firstLine(stream) {
  const lines = createInterface({ input: stream });
  lines.once('close', () => process.exit(0));
  return new Promise((resolve) => { lines.once('line', resolve); });
}

class Server {
  #fixed;

  #keys;

  #settings;

  #provider;

  static async start(issuer, settings) {
    const server = new Server();
    server.#fixed = { issuer, adapter: createMemoryAdapter(), cookieKeys: [randomBytes(32).toString('base64url')] };
    server.#keys = new KeyRing(settings.signing_algorithms);
    await server.#adopt(settings);
    return server;
  }

  /** Puts a new provider in the place of the old one. If the settings are refused, the old one goes on. */
  async #adopt(settings) {
    const provider = makeProvider({ ...this.#fixed, settings, jwks: this.#keys.jwks });
    // The provider judges a client when it is first looked for; a wrong one is to be known now.
    for (const client of settings.clients) await provider.Client.find(client.client_id);
    this.#provider = provider;
    this.#settings = settings;
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, this.#fixed.issuer);
    if (pathname.startsWith('/interaction/')) {
      await answerInteraction(this.#provider, this.#settings.people, request, response);
    } else if (pathname.startsWith('/control/')) {
      await this.#control(pathname, request, response);
    } else {
      await this.#provider.callback()(request, response);
    }
  }

  async #control(pathname, request, response) {
    const token = this.#settings.control_token;
    if (token === null || request.headers['control-token'] !== token) {
      sendDocument(response, 403, { error: 'not for you' });
      return;
    }
    const text = await readText(request);
    try {
      await this.#change(`${request.method} ${pathname}`, text);
    } catch (error) {
      sendDocument(response, 400, { error: error.message, description: error.error_description });
      return;
    }
    sendDocument(response, 200, { kids: this.#keys.jwks.keys.map((key) => key.kid) });
  }

  async #change(order, text) {
    const steps = {
      'POST /control/keys/announce': () => this.#keys.announce(),
      'POST /control/keys/use': () => this.#keys.use(),
      'POST /control/keys/withdraw': () => this.#keys.withdraw(),
    };
    let settings = this.#settings;
    if (order === 'PATCH /control/settings') settings = changeSettings(settings, text);
    else if (Object.hasOwn(steps, order)) steps[order]();
    else throw new Error(`no such order: ${order}`);
    await this.#adopt(settings);
  }
}

const file = process.argv[2];
const settings = readSettings(file ? await readFile(file, 'utf8') : await firstLine(process.stdin));
let open;
const ready = new Promise((resolve) => { open = resolve; });
const listener = createServer(async (request, response) => {
  try {
    await (await ready).answer(request, response);
  } catch (error) {
    console.error(error.stack);
    if (response.headersSent) response.destroy();
    else sendDocument(response, 500, { error: 'server_error' });
  }
});
await new Promise((resolve, reject) => {
  listener.once('error', reject);
  listener.listen(settings.port, HOST, resolve);
});
const { port } = listener.address();
const url = `http://${HOST}:${port}`;
open(await Server.start(url, settings));
process.stdout.write(`${JSON.stringify({ url, port })}\n`);
