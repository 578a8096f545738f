import http from 'node:http';
import express from 'express';
import helmet from 'helmet';
import { accounts } from './accounts.js';
import { admin } from './admin.js';
import { notes } from './notes.js';
import { openSockets } from './sockets.js';

const app = express();
app.use(helmet());
app.use(express.json());

app.get('/health', (request, response) => {
  response.json({ status: 'ok' });
});
app.use(accounts);
app.use('/notes', notes);
app.use('/admin', admin);

const server = http.createServer(app);
openSockets(server);
server.listen(process.env.PORT ?? 3000);
