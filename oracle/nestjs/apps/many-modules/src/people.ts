import { Controller, forwardRef, Get, Module, UseGuards } from '@nestjs/common';
import { DoorModule } from './door';
import { DoorGuard } from './door.guard';
import { PeopleService } from './people.service';

@UseGuards(DoorGuard)
@Controller('people')
export class PeopleController {
  constructor(private readonly people: PeopleService) {}

  @Get()
  list() {
    return this.people.all();
  }
}

@Module({
  imports: [forwardRef(() => DoorModule)],
  controllers: [PeopleController],
  providers: [PeopleService],
  exports: [PeopleService],
})
export class PeopleModule {}
