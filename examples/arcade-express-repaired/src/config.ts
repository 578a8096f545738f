const env = process.env;

function secret(name: string): string {
  const value = env[name];
  if (!value || value.length < 32) throw new Error(`${name} must be set to at least 32 characters`);
  return value;
}

export const config = {
  port: Number(env.PORT ?? 4000),
  databaseFile: env.DATABASE_FILE ?? './arcade.db',
  publicUrl: env.PUBLIC_URL ?? 'http://localhost:4000',
  webUrl: env.WEB_URL ?? 'http://localhost:5173',
  jwtSecret: secret('JWT_SECRET'),
  cookieSecret: secret('COOKIE_SECRET'),
  internalKey: secret('INTERNAL_KEY'),
  partnerSecret: secret('PARTNER_SECRET'),
  paymentSecret: secret('PAYMENT_SECRET'),
  refreshDays: 30,
  github: {
    clientId: env.GITHUB_CLIENT_ID ?? '',
    clientSecret: env.GITHUB_CLIENT_SECRET ?? '',
  },
  googleClientId: env.GOOGLE_CLIENT_ID ?? '',
};
