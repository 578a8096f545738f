import { Controller, Get, Injectable, MiddlewareConsumer, Module, NestMiddleware, NestModule, Post, RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
export class TokenMiddleware implements NestMiddleware {
  use(request: any, response: any, next: () => void) {
    if (request.headers.authorization !== 'Bearer good') {
      response.status(401).json({ error: 'token' });
      return;
    }
    next();
  }
}

export function stamp(request: any, response: any, next: () => void) {
  request.stamp = Date.now();
  next();
}

@Injectable()
export class AuditMiddleware implements NestMiddleware {
  use(request: any, response: any, next: () => void) {
    next();
  }
}

@Controller('loans')
export class LoansController {
  @Get()
  list() {
    return [];
  }

  @Get('rates')
  rates() {
    return [1];
  }

  @Post(':id/pay')
  pay() {
    return {};
  }
}

@Controller('desks')
export class DesksController {
  @Get()
  list() {
    return [];
  }

  @Post()
  book() {
    return {};
  }
}

@Module({ controllers: [LoansController, DesksController] })
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(stamp).forRoutes('*');
    consumer
      .apply(TokenMiddleware)
      .exclude({ path: 'loans/rates', method: RequestMethod.GET })
      .forRoutes(LoansController);
    consumer.apply(AuditMiddleware, TokenMiddleware).forRoutes({ path: 'desks', method: RequestMethod.POST });
  }
}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
