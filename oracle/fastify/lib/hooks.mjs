// The ECMAScript-module half of `load.js`; Node runs it in a thread of its own.
let home = '';
let wrapper = '';

export function initialize(data) {
  home = data.home;
  wrapper = data.wrapper;
}

export async function resolve(specifier, context, nextResolve) {
  const isBare = !/^(\.|\/|node:|file:|data:)/.test(specifier);
  const fromPackage = (context.parentURL ?? '').startsWith(`${home}/node_modules`);
  if (!isBare || fromPackage) return nextResolve(specifier, context);
  if (specifier === 'fastify') return { url: wrapper, format: 'commonjs', shortCircuit: true };
  return nextResolve(specifier, { ...context, parentURL: `${home}/package.json` });
}
