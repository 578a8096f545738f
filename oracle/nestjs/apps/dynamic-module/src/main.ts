import { CanActivate, Controller, DynamicModule, ExecutionContext, Get, Inject, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';

export const KEYS = Symbol('keys');

@Injectable()
export class KeyService {
  constructor(@Inject(KEYS) private readonly keys: string[]) {}

  knows(key: string): boolean {
    return this.keys.includes(key);
  }
}

@Injectable()
export class KeyGuard implements CanActivate {
  constructor(private readonly service: KeyService) {}

  canActivate(context: ExecutionContext): boolean {
    const key = context.switchToHttp().getRequest().headers['x-api-key'];
    return this.service.knows(key);
  }
}

@Injectable()
export class QuietGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Module({})
export class KeysModule {
  static forRoot(keys: string[], isGlobal: boolean): DynamicModule {
    return {
      module: KeysModule,
      global: isGlobal,
      providers: [
        { provide: KEYS, useValue: keys },
        { provide: KeyService, useFactory: (list: string[]) => new KeyService(list), inject: [KEYS] },
        ...(isGlobal ? [{ provide: APP_GUARD, useClass: QuietGuard }] : []),
      ],
      exports: [KeyService],
    };
  }
}

@Controller('vaults')
export class VaultsController {
  @UseGuards(KeyGuard)
  @Get()
  list() {
    return [];
  }

  @Get('count')
  count() {
    return 3;
  }
}

@Module({ controllers: [VaultsController] })
export class VaultsModule {}

@Module({ imports: [KeysModule.forRoot(['good'], true), VaultsModule] })
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
