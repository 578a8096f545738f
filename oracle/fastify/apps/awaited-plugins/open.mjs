export default async function open(app) {
  app.get('/', async () => ({ ok: true }));
}
