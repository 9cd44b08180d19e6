// Signs people on without a person: by `login_hint`, or by a small page for a browser. Consent is given at once.

import { readForm, sendPage } from './http.mjs';

const UNMET = {
  error: 'unmet_authentication_requirements',
  error_description: 'the account cannot sign on at the level that is required',
};
const CANCELLED = { error: 'access_denied', error_description: 'the person cancelled' };

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function choicePage(people) {
  const choices = Object.entries(people).map(([id, person]) => (
    `<button name="account" value="${escape(id)}">${escape(person.claims?.HoVaTen ?? id)}</button>`
  ));
  return `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Đăng nhập thử nghiệm</title>
<h1>Đăng nhập thử nghiệm</h1>
<form method="post">${choices.join('\n')}
<button name="cancel" value="yes">Hủy</button></form></html>`;
}

/** Gives the sign-on of this account, or an error: the provider would ask again and again for a level it cannot have. */
function signOn(account, person, prompt) {
  const required = prompt.details.acr;
  if (required?.essential) {
    const accepted = required.values ?? [required.value];
    if (!accepted.includes(person.acr)) return UNMET;
  }
  return { login: { accountId: account, acr: person.acr, amr: person.amr } };
}

async function consent(provider, { grantId, session, params, prompt }) {
  const grant = (grantId && await provider.Grant.find(grantId))
    || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [indicator, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(indicator, scopes.join(' '));
  }
  return { consent: { grantId: await grant.save() } };
}

export async function answerInteraction(provider, people, request, response) {
  let details;
  try {
    details = await provider.interactionDetails(request, response);
  } catch (error) {
    if (error.error !== 'invalid_request') throw error;
    sendPage(response, 400, '<!doctype html><meta charset="utf-8"><p>Phiên đăng nhập không còn hiệu lực.</p>');
    return;
  }
  const { prompt, params } = details;
  if (prompt.name === 'consent') {
    await provider.interactionFinished(request, response, await consent(provider, details));
    return;
  }
  const form = request.method === 'POST' ? await readForm(request) : new URLSearchParams();
  if (form.has('cancel')) {
    await provider.interactionFinished(request, response, CANCELLED, { mergeWithLastSubmission: false });
    return;
  }
  const account = form.get('account') ?? params.login_hint;
  if (account === undefined || !Object.hasOwn(people, account)) {
    sendPage(response, 200, choicePage(people));
    return;
  }
  const result = signOn(account, people[account], prompt);
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
