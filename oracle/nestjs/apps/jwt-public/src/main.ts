import { Controller, Get, Module, Post, Req } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { Public, SessionGuard } from './auth.guard';

@Controller('letters')
export class LettersController {
  @Get()
  list(@Req() request: any) {
    return { owner: request.user.sub };
  }

  @Public()
  @Get('stamps')
  stamps() {
    return [1, 2];
  }
}

@Public()
@Controller()
export class FrontController {
  @Get()
  index() {
    return 'hello';
  }

  @Post('contact')
  contact() {
    return {};
  }
}

@Module({
  imports: [JwtModule.register({ global: true, secret: 'postal-secret', signOptions: { expiresIn: '1h' } })],
  controllers: [LettersController, FrontController],
  providers: [{ provide: APP_GUARD, useClass: SessionGuard }],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
bootstrap();
