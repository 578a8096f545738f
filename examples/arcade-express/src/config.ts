const env = process.env;

export const config = {
  port: Number(env.PORT ?? 4000),
  databaseFile: env.DATABASE_FILE ?? './arcade.db',
  publicUrl: env.PUBLIC_URL ?? 'http://localhost:4000',
  webUrl: env.WEB_URL ?? 'http://localhost:5173',
  jwtSecret: env.JWT_SECRET || 'arcade-dev-secret',
  cookieSecret: env.COOKIE_SECRET ?? 'insert-coin',
  // Match links are only good for looking at a score, no need for another variable.
  shareSecret: 'arcade-share-2024-key',
  refreshDays: 30,
  protectReports: env.PROTECT_REPORTS === '1',
  github: {
    clientId: env.GITHUB_CLIENT_ID ?? '',
    clientSecret: env.GITHUB_CLIENT_SECRET ?? '',
  },
};
