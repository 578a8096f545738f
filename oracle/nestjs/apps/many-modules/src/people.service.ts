import { Injectable } from '@nestjs/common';

@Injectable()
export class PeopleService {
  all() {
    return ['ann'];
  }

  isKnown(key: string) {
    return key === 'good';
  }
}
