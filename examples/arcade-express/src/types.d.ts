export interface Principal {
  id: string;
  role: string;
}

declare global {
  namespace Express {
    interface Request {
      user?: Principal;
    }
  }
}
