// Routes of a generated application, with the hooks of their own.
'use strict';

const METHODS = ['get', 'get', 'get', 'post', 'post', 'put', 'patch', 'delete'];
const EVENTS = ['onRequest', 'preValidation', 'preHandler', 'preHandler'];

const HANDLERS = [
  'async () => ({ ok: true })',
  'async () => ({ ok: true })',
  "(request, reply) => { reply.send({ ok: true }); }",
  "(request, reply) => reply.code(202).send({ ok: true })",
  'async (request, reply) => { reply.code(201); return { ok: true }; }',
  "function (request, reply) { reply.send({ ok: true }); }",
  'async (request) => ({ user: request.user })',
];

/** Handlers that look for themselves; only where credentials are words. */
const LOOKING = [
  "async (request, reply) => { if (request.headers.authorization !== 'Bearer good') return reply.code(401).send({ error: 'sign in' }); return { ok: true }; }",
  "(request, reply) => { if (!lookup(request.headers.authorization)) { reply.code(403).send({ error: 'no' }); return; } reply.send({ ok: true }); }",
  "async (request) => ({ known: request.headers.authorization === 'Bearer good' })",
];

function handler(state, file) {
  const text = state.random.pick(!state.signed && state.random.chance(0.15) ? LOOKING : HANDLERS);
  if (text.includes('lookup(')) file.hooks.add('lookup');
  return text;
}

/** How a hook is written at its use: by its name, as what an instance was decorated with, or as one of several. */
function hookExpression(state, file, target) {
  const { random } = state;
  if (state.decorated.length > 0 && random.chance(0.3)) return `${target}.${random.pick(state.decorated)}`;
  if (state.hasAuth && random.chance(0.3)) return severalOf(state, file, target);
  return plainHook(state, file);
}

function plainHook(state, file) {
  const hook = state.random.pick(state.hooks);
  file.hooks.add(hook.name);
  return hook.expression;
}

/** `@fastify/auth` with one relation or the other. */
function severalOf(state, file, target) {
  const { random } = state;
  const list = Array.from({ length: random.between(1, 3) }, () => plainHook(state, file));
  const text = random.chance(0.15) && list.length > 1 ? `[[${list.join(', ')}], ${plainHook(state, file)}]` : `[${list.join(', ')}]`;
  const relation = random.pick(['', '', ", { relation: 'and' }", ", { relation: 'or' }"]);
  return `${target}.auth(${text}${relation})`;
}

/** The options of a route that are hooks and settings. */
function optionsOf(state, file, target) {
  const { random } = state;
  const parts = [];
  const count = random.pick([0, 0, 1, 1, 2]);
  for (const event of random.shuffled([...new Set(EVENTS)]).slice(0, count)) {
    const hooks = Array.from({ length: random.between(1, 2) }, () => hookExpression(state, file, target));
    parts.push(`${event}: ${hooks.length > 1 || random.chance(0.3) ? `[${hooks.join(', ')}]` : hooks[0]}`);
  }
  if (random.chance(0.25)) parts.push(`config: { open: ${random.pick(['true', 'true', 'false'])} }`);
  if (random.chance(0.05)) parts.push('exposeHeadRoute: false');
  if (random.chance(0.05)) parts.push("errorHandler: (error, request, reply) => { reply.code(error.statusCode || 403).send({ error: 'no' }); }");
  return parts;
}

/** One route, in one of the ways in which people write them. */
function route(state, file, target, out, indent) {
  const { random } = state;
  const path = `/${state.word()}${random.pick(['', '', '', '/:id', '/:id', '/:id/items', '/*'])}`;
  const method = random.pick(METHODS);
  const options = optionsOf(state, file, target);
  const own = handler(state, file);
  const roll = random.next();
  if (roll < 0.2) {
    const methods = random.chance(0.25) ? `['${method.toUpperCase()}', 'OPTIONS']` : `'${method.toUpperCase()}'`;
    out.push(`${indent}${target}.route({ method: ${methods}, url: '${path}', ${[...options, `handler: ${own}`].join(', ')} });`);
  } else if (roll < 0.3 && options.length > 0) {
    const name = `options${state.next()}`;
    out.push(`${indent}const ${name} = { ${options.join(', ')} };`, `${indent}${target}.${method}('${path}', ${name}, ${own});`);
  } else if (roll < 0.4) {
    out.push(`${indent}${target}.${method}('${path}', { ${[...options, `handler: ${own}`].join(', ')} });`);
  } else if (roll < 0.47) {
    const other = `/${state.word()}`;
    out.push(`${indent}for (const url of ['${path}', '${other}']) {`, `${indent}  ${target}.${method}(url, ${options.length > 0 ? `{ ${options.join(', ')} }, ` : ''}${own});`, `${indent}}`);
  } else {
    out.push(`${indent}${target}.${method}('${path}', ${options.length > 0 ? `{ ${options.join(', ')} }, ` : ''}${own});`);
  }
}

module.exports = { route, hookExpression, plainHook, EVENTS };
