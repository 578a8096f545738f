// ESM: default and named exports, a barrel, a namespace import, top-level await and import().
import express, { Router } from 'express';
import * as guards from './guards/index.js';
import { tasks, people as peopleRouter } from './routes/index.js';

const app = express();
app.use(guards.requestLog);
app.use('/tasks', guards.requireUser, tasks);
app.use('/people', peopleRouter);

const { default: reports } = await import('./routes/reports.js');
app.use('/reports', reports);

const extra = Router();
extra.get('/about', (req, res) => res.send('about'));
app.use(extra);

export default app;
app.listen(3000);
