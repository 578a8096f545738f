import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Account } from './store';

@Injectable()
export class Tokens {
  constructor(
    private readonly jwt: JwtService,
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
  ) {}

  issue(account: Account): Promise<string> {
    return this.jwt.signAsync({ sub: String(account.id) });
  }

  /** Returns the account that the header proves, or nothing. */
  async accountOf(authorization: string | undefined): Promise<Account | null> {
    if (!authorization?.startsWith('Bearer ')) return null;
    try {
      const claims = await this.jwt.verifyAsync(authorization.slice(7), { algorithms: ['HS256'] });
      return await this.accounts.findOneBy({ id: Number(claims.sub) });
    } catch {
      return null;
    }
  }
}
