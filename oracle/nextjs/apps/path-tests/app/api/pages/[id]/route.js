export async function GET(request, { params }) {
  const { id } = await params;
  return Response.json({ id });
}

export async function DELETE(request, { params }) {
  const { id } = await params;
  return Response.json({ removed: id });
}
