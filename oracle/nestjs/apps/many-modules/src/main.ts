import { Module } from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { DoorModule } from './door';
import { PeopleModule } from './people';

@Module({
  imports: [
    PeopleModule,
    DoorModule,
    RouterModule.register([{ path: 'house', module: PeopleModule, children: [{ path: 'outside', module: DoorModule }] }]),
  ],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.setGlobalPrefix('v0');
  await app.listen(3000);
}
bootstrap();
