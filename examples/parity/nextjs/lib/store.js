import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const accounts = sqliteTable('accounts', {
  id: integer('id').primaryKey(),
  email: text('email').notNull().unique(),
  passwordHash: text('password_hash').notNull(),
  role: text('role').notNull().default('member'),
});

export const notes = sqliteTable('notes', {
  id: integer('id').primaryKey(),
  ownerId: integer('owner_id').notNull(),
  text: text('text').notNull(),
});

export const messages = sqliteTable('messages', {
  id: integer('id').primaryKey(),
  text: text('text').notNull(),
});

const connection = new Database(process.env.DATABASE_FILE ?? 'board.sqlite3');
connection.exec(`
  CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'member'
  );
  CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, text TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
`);

export const db = drizzle(connection);
