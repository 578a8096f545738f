import 'reflect-metadata';
import { CanActivate, ExecutionContext, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApolloDriver } from '@nestjs/apollo';
import { Args, GqlExecutionContext, GraphQLModule, Mutation, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { JwtModule, JwtService } from '@nestjs/jwt';

const letters = new Map([['1', { id: '1', text: 'hello' }]]);

@Injectable()
export class MemberGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    return GqlExecutionContext.create(context).getContext().member !== undefined;
  }
}

@UseGuards(MemberGuard)
@Resolver('Letter')
export class LetterResolver {
  @Query('letters')
  all() {
    return [...letters.values()];
  }

  @Query()
  letter(@Args('id') id: string) {
    return letters.get(id);
  }

  @Mutation('send')
  write(@Args('text') text: string) {
    const letter = { id: String(letters.size + 1), text };
    letters.set(letter.id, letter);
    return letter;
  }

  @ResolveField('length')
  length(letter: any) {
    return letter.text.length;
  }
}

@Resolver()
export class StampResolver {
  @Query()
  stamps(parent: unknown, values: { most?: number }) {
    return values.most ?? 3;
  }
}

@Module({
  imports: [
    JwtModule.register({ global: true, secret: 'postal-secret', signOptions: { expiresIn: '1h' } }),
    GraphQLModule.forRootAsync({
      driver: ApolloDriver,
      inject: [JwtService],
      useFactory: (tokens: JwtService) => ({
        path: 'questions',
        playground: false,
        typeDefs: `
          type Letter { id: ID! text: String! length: Int! }
          type Query { letters: [Letter!]! letter(id: ID!): Letter stamps(most: Int): Int! }
          type Mutation { send(text: String!): Letter! }
        `,
        context: async ({ req }: any) => {
          const token = req.headers.authorization?.split(' ')[1];
          try {
            return { member: token ? await tokens.verifyAsync(token) : undefined };
          } catch {
            return { member: undefined };
          }
        },
      }),
    }),
  ],
  providers: [LetterResolver, StampResolver],
})
class AppModule {}

async function start() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
start();
