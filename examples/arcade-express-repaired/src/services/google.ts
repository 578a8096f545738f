import jwt from 'jsonwebtoken';
import { config } from '../config.js';

interface GoogleClaims {
  sub: string;
  email: string;
  email_verified: boolean;
  name: string;
}

async function publicKey(kid: string) {
  const answer = await fetch('https://www.googleapis.com/oauth2/v1/certs');
  const keys = (await answer.json()) as Record<string, string>;
  return keys[kid];
}

/** Verifies the signature, the issuer and that the token was meant for us. */
export function verifyGoogleIdToken(idToken: string): Promise<GoogleClaims> {
  return new Promise((resolve, reject) => {
    jwt.verify(
      idToken,
      (header, done) => {
        publicKey(header.kid ?? '').then((key) => done(null, key), done);
      },
      {
        algorithms: ['RS256'],
        audience: config.googleClientId,
        issuer: ['https://accounts.google.com', 'accounts.google.com'],
      },
      (error, claims) => (error ? reject(error) : resolve(claims as unknown as GoogleClaims)),
    );
  });
}
