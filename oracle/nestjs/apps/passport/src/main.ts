import { Controller, ExecutionContext, Get, Injectable, Module, Req, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

@Injectable()
export class TokenStrategy extends PassportStrategy(Strategy, 'token') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      secretOrKey: 'garden-secret',
    });
  }

  async validate(payload: any) {
    return { id: payload.sub };
  }
}

@Injectable()
export class TokenGuard extends AuthGuard('token') {
  constructor(private reflector: Reflector) {
    super();
  }

  canActivate(context: ExecutionContext) {
    if (this.reflector.get<boolean>('open', context.getHandler())) {
      return true;
    }
    return super.canActivate(context);
  }
}

@Injectable()
export class MaybeGuard extends AuthGuard('token') {
  handleRequest(error: any, user: any) {
    return user || null;
  }
}

function Open() {
  return (target: any, key: string, descriptor: PropertyDescriptor) => {
    Reflect.defineMetadata('open', true, descriptor.value);
  };
}

@Controller('beds')
export class BedsController {
  @Get()
  list(@Req() request: any) {
    return { for: request.user.id };
  }

  @Open()
  @Get('seasons')
  seasons() {
    return [];
  }

  @Open()
  @UseGuards(MaybeGuard)
  @Get('tips')
  tips(@Req() request: any) {
    return { known: Boolean(request.user) };
  }

  @Open()
  @UseGuards(AuthGuard('token'))
  @Get('tools')
  tools() {
    return [];
  }
}

@Module({
  imports: [PassportModule],
  controllers: [BedsController],
  providers: [TokenStrategy, { provide: APP_GUARD, useClass: TokenGuard }],
})
export class GardenModule {}

async function bootstrap() {
  const app = await NestFactory.create(GardenModule);
  await app.listen(3000);
}
bootstrap();
