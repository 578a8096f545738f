import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { ThrottlerModule } from '@nestjs/throttler';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsController } from './accounts.controller';
import { AdminController } from './admin.controller';
import { FeedGateway } from './feed.gateway';
import { AccountGuard } from './guards';
import { NotesController } from './notes.controller';
import { Account, Message, Note } from './store';
import { Tokens } from './tokens';
import { WallGateway } from './wall.gateway';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: process.env.DATABASE_FILE ?? ':memory:',
      entities: [Account, Note, Message],
      synchronize: true,
    }),
    TypeOrmModule.forFeature([Account, Note, Message]),
    JwtModule.register({ secret: process.env.TOKEN_SECRET, signOptions: { expiresIn: '15m', algorithm: 'HS256' } }),
    ThrottlerModule.forRoot([{ ttl: 60_000, limit: 5 }]),
  ],
  controllers: [AccountsController, NotesController, AdminController],
  providers: [Tokens, FeedGateway, WallGateway, { provide: APP_GUARD, useClass: AccountGuard }],
})
export class AppModule {}
