import { CanActivate, ExecutionContext, ForbiddenException, Injectable, SetMetadata, UnauthorizedException, createParamDecorator } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GqlExecutionContext } from '@nestjs/graphql';
import { JwtService } from '@nestjs/jwt';

export const Open = () => SetMetadata('open', true);

@Injectable()
export class QueryGuard implements CanActivate {
  constructor(private readonly tokens: JwtService, private readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext) {
    if (this.reflector.getAllAndOverride('open', [context.getHandler(), context.getClass()])) return true;
    const { req } = GqlExecutionContext.create(context).getContext();
    const token = req.headers.authorization?.split(' ')[1];
    if (!token) throw new UnauthorizedException();
    try {
      req.person = await this.tokens.verifyAsync(token);
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}

@Injectable()
export class KeeperGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const person = GqlExecutionContext.create(context).getContext().req.person;
    if (person?.role !== 'keeper') throw new ForbiddenException();
    return true;
  }
}

@Injectable()
export class WebGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest();
    return request.headers.authorization !== undefined;
  }
}

@Injectable()
export class FieldGuard implements CanActivate {
  canActivate() {
    return false;
  }
}

export const Person = createParamDecorator((_: unknown, context: ExecutionContext) =>
  GqlExecutionContext.create(context).getContext().req.person);
