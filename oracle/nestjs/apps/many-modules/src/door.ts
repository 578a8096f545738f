import { Controller, forwardRef, Get, Module, Post } from '@nestjs/common';
import { DoorGuard } from './door.guard';
import { PeopleModule } from './people';

@Controller('doors')
export class DoorsController {
  @Get()
  list() {
    return [];
  }

  @Post(':id/knock')
  knock() {
    return {};
  }
}

@Module({
  imports: [forwardRef(() => PeopleModule)],
  controllers: [DoorsController],
  providers: [DoorGuard],
  exports: [DoorGuard],
})
export class DoorModule {}
