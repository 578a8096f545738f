import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ApolloDriver, ApolloDriverConfig } from '@nestjs/apollo';
import { Args, Context, Field, GraphQLModule, Int, Mutation, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { JwtModule } from '@nestjs/jwt';
import { FieldGuard, KeeperGuard, Open, Person, QueryGuard, WebGuard } from './guards';

@ObjectType()
class Shelf {
  @Field(() => Int) id: number;
  @Field({ nullable: true }) label?: string;
}

const shelves: Shelf[] = [{ id: 1, label: 'maps' }];

@Resolver(() => Shelf)
class ShelfResolver {
  @Open()
  @Query(() => [Shelf], { name: 'shelves' })
  list() {
    return shelves;
  }

  @Query(() => Shelf, { nullable: true })
  shelf(@Args('id', { type: () => Int }) id: number, @Person() person: any) {
    return shelves.find((shelf) => shelf.id === id && person);
  }

  @UseGuards(KeeperGuard)
  @Mutation(() => Shelf)
  addShelf(@Args('label') label: string) {
    const shelf = { id: shelves.length + 1, label };
    shelves.push(shelf);
    return shelf;
  }

  @Open()
  @Mutation(() => Int)
  countShelf(@Args('id', { type: () => Int }) id: number, @Context() context: any) {
    return context.req.person ? id : shelves.length;
  }

  @Open()
  @UseGuards(WebGuard)
  @Query(() => Int)
  broken() {
    return 1;
  }

  @UseGuards(FieldGuard)
  @ResolveField(() => String)
  owner(@Parent() shelf: Shelf) {
    return `owner of ${shelf.id}`;
  }
}

@Open()
@Resolver()
class HealthResolver {
  @Query(() => String)
  health() {
    return 'well';
  }
}

@Open()
@Controller('hello')
class HelloController {
  @Get()
  hello() {
    return 'hello';
  }
}

@Module({
  imports: [
    JwtModule.register({ global: true, secret: 'library-secret', signOptions: { expiresIn: '1h' } }),
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, playground: false }),
  ],
  controllers: [HelloController],
  providers: [ShelfResolver, HealthResolver, { provide: APP_GUARD, useClass: QueryGuard }],
})
class AppModule {}

export function stamp(request: any, response: any, next: () => void) {
  response.setHeader('x-stamp', 'yes');
  next();
}

async function start() {
  const app = await NestFactory.create(AppModule);
  app.use(stamp);
  await app.listen(3000);
}
start();
