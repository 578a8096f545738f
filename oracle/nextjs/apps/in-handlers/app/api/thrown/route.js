import { caught, mustHaveUser } from '../../../lib/session';

export const GET = caught(async () => {
  const user = await mustHaveUser();
  return Response.json({ id: user.id });
});

export const POST = caught(async () => Response.json({ made: true }, { status: 201 }));
