import { Body, Controller, createParamDecorator, ExecutionContext, Get, Headers, Injectable, Module, Param, ParseIntPipe, PipeTransform, Post, UnauthorizedException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

export const Reader = createParamDecorator((data: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest();
  if (request.headers.authorization !== 'Bearer good') {
    throw new UnauthorizedException();
  }
  return { name: 'ann' };
});

@Injectable()
export class TrimPipe implements PipeTransform {
  transform(value: string) {
    return value?.trim();
  }
}

@Controller('books')
export class BooksController {
  @Get(':id')
  one(@Param('id', ParseIntPipe) id: number) {
    return { id };
  }

  @Post()
  create(@Reader() reader: any, @Body('title', TrimPipe) title: string) {
    return { reader, title };
  }

  @Post(':id/notes')
  note(@Headers('x-api-key') key: string) {
    if (key !== 'good') {
      throw new UnauthorizedException('key');
    }
    return {};
  }
}

@Module({ controllers: [BooksController] })
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
