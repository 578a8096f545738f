import { applyDecorators, CanActivate, Controller, Delete, ExecutionContext, ForbiddenException, Get, Injectable, Module, SetMetadata, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';

@Injectable()
export class LoginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    if (request.headers['x-api-key'] !== 'good') {
      throw new UnauthorizedException();
    }
    request.user = { name: 'ann', roles: ['keeper'] };
    return true;
  }
}

export const NeedsRole = Reflector.createDecorator<string[]>();

@Injectable()
export class RoleGuard implements CanActivate {
  constructor(private reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const wanted = this.reflector.getAllAndMerge(NeedsRole, [context.getHandler(), context.getClass()]);
    if (!wanted || wanted.length === 0) return true;
    const { user } = context.switchToHttp().getRequest();
    if (!wanted.some((role) => user?.roles.includes(role))) {
      throw new ForbiddenException('not for you');
    }
    return true;
  }
}

export function Keepers() {
  return applyDecorators(SetMetadata('audience', 'keepers'), NeedsRole(['keeper']), UseGuards(LoginGuard, RoleGuard));
}

@Controller('animals')
export class AnimalsController {
  @Get()
  list() {
    return ['otter'];
  }

  @Keepers()
  @Delete(':id')
  remove() {
    return {};
  }
}

@Keepers()
@Controller('cages')
export class CagesController {
  @Get(':id')
  one() {
    return {};
  }
}

@Module({ controllers: [AnimalsController, CagesController] })
export class ZooModule {}

async function bootstrap() {
  const app = await NestFactory.create(ZooModule);
  await app.listen(3000);
}
void bootstrap();
