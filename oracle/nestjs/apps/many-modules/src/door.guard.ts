import { CanActivate, ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { PeopleService } from './people.service';

@Injectable()
export class DoorGuard implements CanActivate {
  constructor(private readonly people: PeopleService) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    if (!this.people.isKnown(request.headers['x-api-key'])) {
      throw new UnauthorizedException();
    }
    return true;
  }
}
