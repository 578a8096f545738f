export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const notFound = (what: string) => new HttpError(404, `${what} not found`);
export const forbidden = (why = 'Not allowed') => new HttpError(403, why);
export const badRequest = (why: string) => new HttpError(400, why);
