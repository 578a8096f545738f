import { logIn } from '../../../lib/log-in.js';

export async function POST(request) {
  return logIn(await request.json());
}
