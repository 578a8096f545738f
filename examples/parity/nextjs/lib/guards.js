import { accountOf } from './tokens.js';

/** Wraps a handler, which is then given the account that asks. */
export function withAccount(handler) {
  return async (request, context) => {
    const account = await accountOf(request.headers.get('authorization'));
    if (!account) {
      return Response.json({ error: 'log in first' }, { status: 401 });
    }
    return handler(request, context, account);
  };
}

export function withAdmin(handler) {
  return withAccount(async (request, context, account) => {
    if (account.role !== 'admin') {
      return Response.json({ error: 'administrators only' }, { status: 403 });
    }
    return handler(request, context, account);
  });
}
