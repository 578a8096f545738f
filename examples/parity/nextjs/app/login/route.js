import { RateLimiterMemory } from 'rate-limiter-flexible';
import { logIn } from '../../lib/log-in.js';

const limiter = new RateLimiterMemory({ points: 5, duration: 60 });

export async function POST(request) {
  const body = await request.json();
  try {
    await limiter.consume(String(body.email));
  } catch {
    return Response.json({ error: 'too many attempts' }, { status: 429 });
  }
  return logIn(body);
}
