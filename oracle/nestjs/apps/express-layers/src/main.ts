import { Body, Controller, Get, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import cookieParser from 'cookie-parser';
import helmet from 'helmet';

export class OrderDto {
  @IsString()
  dish!: string;

  @IsInt()
  count!: number;
}

@Controller('orders')
export class OrdersController {
  @Get()
  list() {
    return [];
  }

  @Post()
  create(@Body() order: OrderDto) {
    return order;
  }
}

@Controller('menu')
export class MenuController {
  @Get()
  menu() {
    return ['soup'];
  }
}

@Module({ controllers: [OrdersController, MenuController] })
export class AppModule {}

function requireCook(request: any, response: any, next: () => void) {
  if (request.headers['x-api-key'] === 'good') {
    next();
  } else {
    response.status(401).end();
  }
}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.use(helmet());
  app.use(cookieParser());
  app.use('/orders', requireCook);
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  await app.listen(3000);
}
bootstrap();
