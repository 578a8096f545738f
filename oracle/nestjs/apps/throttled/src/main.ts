import { CanActivate, Controller, ExecutionContext, Get, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';

@Injectable()
export class ByKeyGuard extends ThrottlerGuard {
  protected async getTracker(request: Record<string, any>): Promise<string> {
    return request.headers['x-token'] ?? request.ip;
  }
}

@Injectable()
export class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers.authorization === 'Bearer good';
  }
}

@Controller('login')
export class LoginController {
  @Throttle({ default: { limit: 30, ttl: 60000 } })
  @Post()
  login() {
    return {};
  }

  @SkipThrottle()
  @UseGuards(TokenGuard)
  @Get('me')
  me() {
    return {};
  }
}

@Module({
  imports: [ThrottlerModule.forRoot([{ ttl: 60000, limit: 100 }])],
  controllers: [LoginController],
  providers: [{ provide: APP_GUARD, useClass: ByKeyGuard }],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
