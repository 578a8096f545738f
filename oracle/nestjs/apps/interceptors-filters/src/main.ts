import { ArgumentsHost, CallHandler, CanActivate, Catch, Controller, ExceptionFilter, ExecutionContext, Get, HttpException, Injectable, Module, NestInterceptor, UnauthorizedException, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';

@Injectable()
export class TimeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next.handle();
  }
}

@Injectable()
export class MemberInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const request = context.switchToHttp().getRequest();
    if (request.headers.authorization !== 'Bearer good') {
      throw new UnauthorizedException();
    }
    return next.handle();
  }
}

export class ExpiredError extends Error {}

@Injectable()
export class TicketGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    if (request.headers['x-api-key'] !== 'good') throw new ExpiredError('ticket');
    return true;
  }
}

@Catch(ExpiredError)
export class ExpiredFilter implements ExceptionFilter {
  catch(error: ExpiredError, host: ArgumentsHost) {
    host.switchToHttp().getResponse().status(401).json({ message: error.message });
  }
}

@Catch(HttpException)
export class PlainFilter implements ExceptionFilter {
  catch(error: HttpException, host: ArgumentsHost) {
    const status = error.getStatus();
    host.switchToHttp().getResponse().status(status).json({ status });
  }
}

@UseFilters(PlainFilter)
@Controller('films')
export class FilmsController {
  @Get()
  list() {
    return [];
  }

  @UseInterceptors(MemberInterceptor)
  @Get('saved')
  saved() {
    return [];
  }

  @UseFilters(ExpiredFilter)
  @UseGuards(TicketGuard)
  @Get('show')
  show() {
    return {};
  }
}

@Module({
  controllers: [FilmsController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: TimeInterceptor }],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
