import Fastify from 'fastify';
import guard from './guard.mjs';

const app = Fastify();

await app.register(import('./open.mjs'), { prefix: '/open' });
await app.register(guard);
await app.register(import('./closed.mjs'), { prefix: '/closed' });
app.register((await import('./closed.mjs')).default, { prefix: '/again' });

await app.listen({ port: 3000 });
