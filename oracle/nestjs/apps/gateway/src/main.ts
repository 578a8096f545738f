import { CanActivate, ExecutionContext, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ConnectedSocket, MessageBody, OnGatewayConnection, SubscribeMessage, WebSocketGateway, WebSocketServer, WsException } from '@nestjs/websockets';

@Injectable()
export class GlobalGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
export class MessageGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const client = context.switchToWs().getClient();
    if (client.handshake.auth.token !== 'good') {
      throw new WsException('who are you');
    }
    return true;
  }
}

@WebSocketGateway({ namespace: 'chat' })
export class ChatGateway {
  @WebSocketServer()
  server: any;

  @SubscribeMessage('say')
  say(@MessageBody('text') text: string) {
    this.server.emit('said', text);
  }

  @UseGuards(MessageGuard)
  @SubscribeMessage('pin')
  pin(@ConnectedSocket() client: any, @MessageBody() data: any) {
    client.broadcast.emit('pinned', data);
    return { event: 'ok', data };
  }
}

@WebSocketGateway({ namespace: 'desk' })
export class DeskGateway implements OnGatewayConnection {
  handleConnection(client: any) {
    if (client.handshake.auth.token !== 'good') {
      client.disconnect();
    }
  }

  @SubscribeMessage('call')
  call(client: any, data: any) {
    client.emit('called', data);
  }
}

@Module({
  providers: [ChatGateway, DeskGateway, { provide: APP_GUARD, useClass: GlobalGuard }],
})
export class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
bootstrap();
