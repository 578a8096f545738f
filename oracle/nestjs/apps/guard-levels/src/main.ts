import { CanActivate, Controller, ExecutionContext, Get, Injectable, Module, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';

@Injectable()
export class CountGuard implements CanActivate {
  private seen = 0;

  canActivate(): boolean {
    this.seen += 1;
    return true;
  }
}

@Injectable()
export class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    if (request.headers.authorization !== 'Bearer good') throw new UnauthorizedException('no token');
    return true;
  }
}

export class HoursGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    return true;
  }
}

@Injectable()
export class OwnerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-api-key'] === 'good';
  }
}

@Controller('boats')
export class BoatsController {
  @Get()
  list() {
    return [{ id: 1 }];
  }

  @UseGuards(TokenGuard)
  @Post()
  create() {
    return { id: 2 };
  }
}

@UseGuards(TokenGuard)
@Controller('harbours')
export class HarboursController {
  @Get()
  list() {
    return [];
  }

  @Get('own')
  @UseGuards(OwnerGuard)
  own() {
    return {};
  }

  @UseGuards(new HoursGuard(), OwnerGuard)
  @Post(':id/close')
  close() {
    return {};
  }
}

@Module({
  controllers: [BoatsController, HarboursController],
  providers: [{ provide: APP_GUARD, useClass: CountGuard }],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.useGlobalGuards(new HoursGuard());
  await app.listen(3000);
}
bootstrap();
