// Sends queries of GraphQL, one for each field of the root types.
'use strict';
const { inHome } = require('./load');
const trace = require('./trace');

const REFUSALS = ['UNAUTHENTICATED', 'FORBIDDEN'];

/** Records every field of the root types that the schema of the running application has. */
async function entries(app, base, asked, credentials) {
  if (!asked.graphql) return [];
  const { GraphQLSchemaHost } = inHome('@nestjs/graphql');
  const { schema } = app.get(GraphQLSchemaHost, { strict: false });
  const found = [];
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.keys(type?.getFields() ?? {})) {
      const word = type.name === 'Mutation' ? 'mutation ' : '';
      const query = asked.graphql.queries?.[`${type.name}.${field}`] ?? `${word}{ ${field} }`;
      found.push(await entry(base + asked.graphql.path, `${type.name}.${field}`, query, credentials));
    }
  }
  return found;
}

async function entry(url, name, query, credentials) {
  const status = {};
  let seen = null;
  for (const kind of ['none', 'forged', 'valid']) {
    trace.take();
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...credentials[kind], 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { errors } = await response.json();
    status[kind] = errors?.[0].extensions?.code ?? response.status;
    seen = trace.take();
  }
  const reached = status.valid === 200;
  const isEnforced = REFUSALS.includes(status.none) && REFUSALS.includes(status.forged) && reached;
  // Apollo copies all headers of every query, so that what the application looks at is not seen.
  const authentication = isEnforced ? 'enforced' : 'absent';
  return {
    id: `GRAPHQL ${name}`,
    handler: null,
    reached,
    layers: seen.layers,
    authentication: reached ? authentication : null,
    ...(reached && !isEnforced ? { accept: ['absent', 'observed'] } : {}),
    ...(reached ? {} : { reason: 'never-served' }),
    status,
  };
}

module.exports = { entries };
