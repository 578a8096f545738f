import { config } from '../config.js';

export interface GithubProfile {
  id: number;
  login: string;
}

export function authorizeUrl(state: string, codeChallenge: string) {
  const query = new URLSearchParams({
    client_id: config.github.clientId,
    redirect_uri: `${config.publicUrl}/api/oauth/github/callback`,
    scope: 'read:user user:email',
    state,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  });
  return `https://github.com/login/oauth/authorize?${query}`;
}

export async function fetchGithubProfile(code: string, verifier: string): Promise<GithubProfile> {
  const exchange = await fetch('https://github.com/login/oauth/access_token', {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: config.github.clientId,
      client_secret: config.github.clientSecret,
      code,
      code_verifier: verifier,
    }),
  });
  const { access_token: accessToken } = (await exchange.json()) as { access_token: string };
  const profile = await fetch('https://api.github.com/user', { headers: { authorization: `Bearer ${accessToken}` } });
  return (await profile.json()) as GithubProfile;
}
