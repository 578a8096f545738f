import { Body, Controller, Get, HttpCode, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import { InjectRepository } from '@nestjs/typeorm';
import * as bcrypt from 'bcryptjs';
import { Repository } from 'typeorm';
import { Public } from './guards';
import { Account } from './store';
import { Tokens } from './tokens';

// Compared with where there is no account, so that both answers take the same time.
const nobody = bcrypt.hashSync('nobody has this password', 12);

@Public()
@Controller()
export class AccountsController {
  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly tokens: Tokens,
  ) {}

  @Get('health')
  health() {
    return { status: 'ok' };
  }

  @Post('register')
  @HttpCode(202)
  async register(@Body() body: { email: string; password: string }) {
    const passwordHash = await bcrypt.hash(String(body.password), 12);
    if (!(await this.accounts.existsBy({ email: String(body.email) }))) {
      await this.accounts.insert({ email: String(body.email), passwordHash });
    }
    return { status: 'accepted' };
  }

  @Post('login')
  @HttpCode(200)
  @UseGuards(ThrottlerGuard)
  login(@Body() body: { email: string; password: string }) {
    return this.logIn(body);
  }

  @Post('login/app')
  @HttpCode(200)
  loginFromApp(@Body() body: { email: string; password: string }) {
    return this.logIn(body);
  }

  private async logIn(body: { email: string; password: string }) {
    const account = await this.accounts.findOneBy({ email: String(body.email) });
    const matches = await bcrypt.compare(String(body.password), account?.passwordHash ?? nobody);
    if (!account || !matches) {
      throw new UnauthorizedException('wrong email or password');
    }
    return { token: await this.tokens.issue(account) };
  }
}
