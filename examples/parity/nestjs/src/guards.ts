import {
  CanActivate,
  createParamDecorator,
  ExecutionContext,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Tokens } from './tokens';

export const Public = () => SetMetadata('public', true);

export const CurrentAccount = createParamDecorator(
  (data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest().account,
);

@Injectable()
export class AccountGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: Tokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>('public', [context.getHandler(), context.getClass()])) {
      return true;
    }
    const request = context.switchToHttp().getRequest();
    request.account = await this.tokens.accountOf(request.headers.authorization);
    if (!request.account) {
      throw new UnauthorizedException('log in first');
    }
    return true;
  }
}

@Injectable()
export class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest().account.role !== 'admin') {
      throw new ForbiddenException('administrators only');
    }
    return true;
  }
}
