import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { config } from '../src/config.js';

const db = new Database(config.databaseFile);
db.exec(readFileSync(new URL('../prisma/init.sql', import.meta.url), 'utf8'));

const addItem = db.prepare('INSERT OR IGNORE INTO Item (id, name, price) VALUES (?, ?, ?)');
addItem.run('hat', 'Top hat', 40);
addItem.run('trail', 'Rainbow trail', 250);
db.close();
