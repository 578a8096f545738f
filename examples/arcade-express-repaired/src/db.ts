import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '@prisma/client';
import { config } from './config.js';

export const prisma = new PrismaClient({
  adapter: new PrismaBetterSqlite3({ url: `file:${config.databaseFile}` }),
});
