// What a test may set. An unknown name is refused, so that a misspelt setting cannot go unnoticed.

const DEFAULTS = {
  port: 0,
  clients: [],
  people: {},
  ttl: {},
  acr_values: ['LoA1', 'LoA2', 'LoA3'],
  signing_algorithms: ['RS256'],
  pkce_required: true,
  control_token: null,
};

// A running server can neither move to another port nor exchange its ring of keys as a whole.
const FIXED = new Set(['port', 'signing_algorithms', 'control_token']);

function refuseUnknown(given, known) {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown settings: ${unknown.join(', ')}`);
}

export function readSettings(text) {
  const given = JSON.parse(text);
  refuseUnknown(given, Object.keys(DEFAULTS));
  return { ...DEFAULTS, ...given };
}

export function changeSettings(settings, text) {
  const given = JSON.parse(text);
  refuseUnknown(given, Object.keys(DEFAULTS).filter((name) => !FIXED.has(name)));
  return { ...settings, ...given };
}
