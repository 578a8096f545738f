import { CanActivate, Controller, ExecutionContext, Get, Injectable, Module, Post, RequestMethod, UseGuards, Version, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
export class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-api-key'] === 'good';
  }
}

@UseGuards(KeyGuard)
@Controller({ path: 'maps', version: ['1', '2'] })
export class MapsController {
  @Get()
  all() {
    return [];
  }

  @Version('3')
  @Get(['tiles/:z', 'squares/:z'])
  tiles() {
    return [];
  }
}

@Controller({ path: 'status', version: VERSION_NEUTRAL })
export class StatusController {
  @Get()
  status() {
    return 'up';
  }

  @Post('ping')
  ping() {
    return 'pong';
  }
}

@Controller('plain')
export class PlainController {
  @Get()
  get() {
    return 1;
  }
}

@Module({ controllers: [MapsController, StatusController, PlainController] })
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.setGlobalPrefix('api', { exclude: ['status', { path: 'status/ping', method: RequestMethod.POST }] });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  await app.listen(3000);
}
bootstrap();
