import { ConnectedSocket, MessageBody, OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { InjectRepository } from '@nestjs/typeorm';
import { Socket } from 'socket.io';
import { Repository } from 'typeorm';
import { Note } from './store';
import { Tokens } from './tokens';

@WebSocketGateway({ namespace: 'feed' })
export class FeedGateway implements OnGatewayConnection {
  constructor(
    private readonly tokens: Tokens,
    @InjectRepository(Note) private readonly notes: Repository<Note>,
  ) {}

  async handleConnection(client: Socket) {
    const account = await this.tokens.accountOf(client.handshake.headers.authorization);
    if (!account) {
      client.disconnect();
      return;
    }
    client.data.account = account;
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() body: { text: string }) {
    if (!client.data.account) return;
    await this.notes.insert({ ownerId: client.data.account.id, text: String(body.text) });
    client.emit('said', { text: body.text });
  }
}
