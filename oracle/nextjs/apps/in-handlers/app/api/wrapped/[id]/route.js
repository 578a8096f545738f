import { withUser } from '../../../../lib/session';

export const GET = withUser(async (request, { params, user }) => {
  const { id } = await params;
  return Response.json({ id, by: user.id });
});

export async function DELETE() {
  return Response.json({ removed: true });
}
