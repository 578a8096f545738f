import { CanActivate, Controller, Delete, ExecutionContext, Get, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
export class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers.authorization === 'Bearer good';
  }
}

@Injectable()
export class LogGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@UseGuards(StaffGuard)
export abstract class CrudController {
  @Get()
  list() {
    return [];
  }

  @Post()
  create() {
    return {};
  }

  @Delete(':id')
  remove() {
    return {};
  }
}

@Controller('tools')
export class ToolsController extends CrudController {
  @Get('lost')
  lost() {
    return [];
  }
}

@UseGuards(LogGuard)
@Controller('parts')
export class PartsController extends CrudController {
  remove() {
    return 'never a route';
  }
}

@Controller('shelves')
export class ShelvesController {
  @Get()
  list() {
    return [];
  }
}

@Module({ controllers: [ToolsController, PartsController, ShelvesController] })
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
