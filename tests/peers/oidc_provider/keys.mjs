// The provider's signing keys. They are made at start and live in memory only.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

const KINDS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
};

function makeKey(alg) {
  const [kind, options] = KINDS[alg] ?? (() => { throw new Error(`no such signing algorithm here: ${alg}`); })();
  const jwk = generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' });
  return { ...jwk, alg, use: 'sig', kid: randomBytes(12).toString('base64url') };
}

/**
 * A ring with one generation of keys at first. oidc-provider signs with the first key that fits, so the order decides.
 * A rotation takes three steps, as its documentation orders them: announce, use, withdraw.
 */
export class KeyRing {
  #algorithms;

  #generations;

  #isAnnounced = false;

  constructor(algorithms) {
    this.#algorithms = algorithms;
    this.#generations = [algorithms.map(makeKey)];
  }

  get jwks() {
    return { keys: this.#generations.flat() };
  }

  /** Publishes new keys; the old ones still sign. */
  announce() {
    this.#generations.push(this.#algorithms.map(makeKey));
    this.#isAnnounced = true;
  }

  /** Signs with the keys announced last; the others stay published. */
  use() {
    if (!this.#isAnnounced) throw new Error('no new keys were announced');
    this.#isAnnounced = false;
    this.#generations.unshift(this.#generations.pop());
  }

  /** Publishes nothing but the keys that sign. */
  withdraw() {
    this.#generations.length = 1;
    this.#isAnnounced = false;
  }
}
