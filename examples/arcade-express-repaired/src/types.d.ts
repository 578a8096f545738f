export interface Principal {
  id: string;
  role: string;
  email: string;
  sessionId: string;
}

declare global {
  namespace Express {
    interface Request {
      user?: Principal;
      rawBody?: Buffer;
    }
  }
}
