// The ECMAScript-module half of `resolve.js`; Node runs it in a thread of its own.
let installation = '';
let version = '4';

export function initialize(data) {
  installation = data.installation;
  version = data.version;
}

/** Resolves bare imports in the installation, and hands an application's `?run=` mark on to the files it imports. */
export async function resolve(specifier, context, nextResolve) {
  const parent = context.parentURL ?? '';
  const bare = !/^(\.|\/|node:|file:|data:)/.test(specifier);
  const fromPackage = parent.startsWith(`${installation}/node_modules`);
  if (bare && (!fromPackage || specifier === 'express')) {
    const name = specifier === 'express' ? `express${version}` : specifier;
    try {
      return await nextResolve(name, { ...context, parentURL: `${installation}/package.json` });
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  const result = await nextResolve(specifier, context);
  const run = /\?run=\d+/.exec(parent);
  if (run && result.url.startsWith('file:') && !result.url.startsWith(installation) && !result.url.includes('?')) {
    return { ...result, url: result.url + run[0] };
  }
  return result;
}
