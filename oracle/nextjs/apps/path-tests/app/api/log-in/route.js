export async function POST(request) {
  return Response.json({ ok: true });
}
