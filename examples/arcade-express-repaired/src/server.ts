import { createServer } from 'node:http';
import { createApp } from './app.js';
import { config } from './config.js';
import { attachSockets } from './ws/index.js';

const server = createServer(createApp());
attachSockets(server);

server.listen(config.port, () => {
  console.log(`Arcade listens on ${config.port}`);
});
