//! The sources of the canonical report: a small game server. One name holds an escape sequence.

use std::sync::Arc;

use firedoor_source::FileSet;

const APP: &str = "\
import express from 'express';
import { requireAuth } from './auth';
import { lobbies } from './lobbies';

const app = express();
app.use(express.json());
app.use('/api', requireAuth);
app.use('/api/lobbies', lobbies);
app.use(plugins[process.env.PLUGIN]);
app.get('/health', (request, response) => response.send('ok'));

export default app;
";

const AUTH: &str = "\
import jwt from 'jsonwebtoken';
import rateLimit from 'express-rate-limit';

export function requireAuth(request, response, next) {
  try {
    request.user = jwt.verify(request.cookies.token, process.env.JWT_SECRET || 'changeme');
    next();
  } catch {
    response.status(401).end();
  }
}

export const joinLimiter = rateLimit({ windowMs: 60_000, max: 5 });
";

const LOBBIES: &str = "\
import { Router } from 'express';
export const lobbies = Router();

lobbies.get('/', listLobbies);
lobbies.post('/:id/join', joinLobby);

async function joinLobby(request, response) {
\tconst lobby = await Lobby.findById(request.params.id);
\tif (!lobby) return response.status(404).end();
\tlobby.players.push(request.body.player);
\tawait lobby.save();
\tresponse.json(lobby);
}
";

const SOCKET: &str = "\
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ path: '/ws' });
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const message = JSON.parse(data); // \u{1b}[2J\u{202e}
    lobbies.get(message.lobby).start();
  });
});
";

/// Returns the files.
pub fn files() -> FileSet {
    FileSet::new(
        [
            ("src/app.ts", APP),
            ("src/auth.ts", AUTH),
            ("src/lobbies.ts", LOBBIES),
            ("src/socket.ts", SOCKET),
        ]
        .map(|(path, text)| (path.to_owned(), Arc::from(text))),
    )
}
