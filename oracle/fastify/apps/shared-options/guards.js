exports.needsKey = async (request, reply) => {
  if (request.headers['x-api-key'] !== 'good') return reply.code(401).send({ error: 'no' });
};
exports.onlyGet = async (request, reply) => {
  if (request.method !== 'GET') return reply.code(405).send({ error: 'no' });
};
