import { CanActivate, Controller, ExecutionContext, Get, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';

@Injectable()
export class LooseGuard implements CanActivate {
  constructor(private jwt: JwtService) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    try {
      request.user = this.jwt.verify(request.headers.authorization?.slice(7));
    } catch (error) {
      request.user = null;
    }
    return true;
  }
}

@Injectable()
export class StrictGuard implements CanActivate {
  constructor(private jwt: JwtService) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    try {
      request.user = this.jwt.verify(request.headers.authorization?.slice(7), { secret: 'coin-secret' });
      return true;
    } catch (error) {
      return false;
    }
  }
}

@Controller('coins')
export class CoinsController {
  @UseGuards(LooseGuard)
  @Get()
  list() {
    return [];
  }

  @UseGuards(StrictGuard)
  @Post()
  mint() {
    return {};
  }

  @Get('rates')
  rates() {
    return [];
  }
}

@Module({
  imports: [JwtModule.registerAsync({ useFactory: () => ({ secret: 'coin-secret' }) })],
  controllers: [CoinsController],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
