import http from 'node:http';
import next from 'next';
import { openSockets } from './sockets.js';

const app = next({ dev: false });
await app.prepare();
const handle = app.getRequestHandler();

const server = http.createServer((request, response) => handle(request, response));
openSockets(server);
server.listen(process.env.PORT ?? 3000);
