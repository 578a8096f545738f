import { All, CanActivate, Controller, ExecutionContext, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
export class ProxyGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    return request.headers['x-api-key'] === 'good';
  }
}

@Controller(['proxy', 'relay'])
export class ProxyController {
  @UseGuards(ProxyGuard)
  @All('things/:id')
  things() {
    return {};
  }

  @Get('files/*path')
  files() {
    return {};
  }
}

@Module({ controllers: [ProxyController] })
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
