import { Controller, Get, MiddlewareConsumer, Module, Post, RequestMethod, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

function signed(request: any, response: any, next: () => void) {
  if (request.headers['x-api-key'] !== 'good') return void response.status(401).end();
  next();
}

function counted(request: any, response: any, next: () => void) {
  next();
}

@Controller('tiles')
class TilesController {
  @Get()
  list() {
    return [];
  }

  @Get('broken/all')
  broken() {
    return [];
  }
}

@Controller('bricks')
class BricksController {
  @Get()
  list() {
    return [];
  }

  @Post(':id')
  lay() {
    return {};
  }
}

@Controller({ path: 'slates', version: '2' })
class SlatesController {
  @Get()
  list() {
    return [];
  }
}

@Module({ controllers: [TilesController, BricksController, SlatesController] })
class YardModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(counted).forRoutes('*splat');
    consumer.apply(signed).forRoutes('bricks/{*rest}', { path: 'tiles/broken/:which', method: RequestMethod.GET });
    consumer.apply(signed).forRoutes({ path: 'slates', method: RequestMethod.GET });
  }
}

async function start() {
  const app = await NestFactory.create(YardModule);
  app.setGlobalPrefix('api', { exclude: ['tiles/*rest', { path: 'bricks/{*rest}', method: RequestMethod.GET }] });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  await app.listen(3000);
}
start();
