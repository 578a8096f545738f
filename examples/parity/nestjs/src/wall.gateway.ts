import { ConnectedSocket, MessageBody, OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { InjectRepository } from '@nestjs/typeorm';
import { Socket } from 'socket.io';
import { Repository } from 'typeorm';
import { Message } from './store';

@WebSocketGateway({ namespace: 'wall' })
export class WallGateway implements OnGatewayConnection {
  constructor(@InjectRepository(Message) private readonly messages: Repository<Message>) {}

  handleConnection(client: Socket) {
    client.emit('welcome');
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() body: { text: string }) {
    await this.messages.insert({ text: String(body.text) });
    client.emit('said', { text: body.text });
  }
}
