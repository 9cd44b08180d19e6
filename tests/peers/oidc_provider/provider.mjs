// Makes the provider: its own rules and grammar, under paths like those of the national sign-on (WSO2's).

import { Provider } from 'oidc-provider';

const ROUTES = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  userinfo: '/oauth2/userinfo',
  jwks: '/oauth2/jwks',
  introspection: '/oauth2/introspect',
  revocation: '/oauth2/revoke',
  pushed_authorization_request: '/oauth2/par',
  end_session: '/oidc/logout',
};

const TTL_SECONDS = {
  AuthorizationCode: 60,
  AccessToken: 3600,
  IdToken: 3600,
  Interaction: 600,
  Grant: 14 * 24 * 3600,
  Session: 14 * 24 * 3600,
};

function claimNames(people) {
  return [...new Set(['sub', ...Object.values(people).flatMap((person) => Object.keys(person.claims ?? {}))])];
}

/** Makes a provider of the settings. What it has given out is in `adapter`, so it outlives an exchange of providers. */
export function makeProvider({ issuer, settings, jwks, adapter, cookieKeys }) {
  const { people } = settings;
  const provider = new Provider(issuer, {
    adapter,
    jwks,
    clients: settings.clients,
    cookies: { keys: cookieKeys },
    // Claims under the scope `openid` are in the ID token and in userinfo alike, as at the national sign-on.
    claims: { openid: claimNames(people), acr: null, amr: null, auth_time: null, sid: null },
    responseTypes: ['code'],
    acrValues: settings.acr_values,
    pkce: { required: () => settings.pkce_required },
    ttl: { ...TTL_SECONDS, ...settings.ttl },
    routes: ROUTES,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
      dPoP: { enabled: true },
    },
    // The provider's own dispatcher refuses loopback addresses, where a test's listener for back-channel logout is.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    findAccount: (_ctx, id) => (Object.hasOwn(people, id)
      ? { accountId: id, claims: () => ({ ...people[id].claims, sub: id }) }
      : undefined),
  });
  provider.on('backchannel.error', (_ctx, error, client) => {
    console.error(`back-channel logout of ${client.clientId}: ${error.stack}`);
  });
  provider.on('server_error', (_ctx, error) => console.error(error.stack));
  return provider;
}
